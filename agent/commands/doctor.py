"""`muster-agent doctor`: is the agent itself in order, and what to do if not."""

import argparse

from agent import config
from agent.checks import observe_all
from agent.layout import row
from agent.state import StateError
from agent.surroundings import Surroundings

NAME = "doctor"
HELP = "look at the agent itself: state, certificate, clock, spool, collector, what it cannot see"
EXAMPLE = "muster-agent doctor"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, around: Surroundings) -> int:
    from agent.doctor import Item, denied_signals, examine, privileges, sight

    seen = observe_all(around.host())
    denied = None if around.root else denied_signals(seen)
    try:
        state = around.open_state(args.state, "state is", NAME)
        items = examine(state, around.clock(), denied)
    except config.KeptByRoot as error:
        where, _, to_do = str(error).rpartition(": ")
        items = [Item("state folder", where, to_do), privileges(denied)]
    except StateError as error:
        items = [Item("state folder", str(error), "see above"), privileges(denied)]
    items += sight(seen)
    if args.json:
        import json
        from dataclasses import asdict

        around.say(json.dumps({"items": [asdict(item) for item in items]}, indent=2))
    else:
        for item in items:
            said = [item.said, *([f"to do: {item.to_do}"] if item.to_do else [])]
            around.say(*row(f"{'problem' if item.to_do else 'ok':8} {item.name}", said, 25))
    return 1 if any(item.to_do for item in items) else 0
