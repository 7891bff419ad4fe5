"""`muster-agent doctor`: is the agent itself in order, and what to do if not."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from agent import config
from agent.checks import observe_all
from agent.layout import row
from agent.state import State, StateError
from agent.surroundings import BadInput, Surroundings

if TYPE_CHECKING:
    from agent.doctor import Item

NAME = "doctor"
HELP = "look at the agent itself: state, certificate, clock, spool, collector, what it cannot see"
EXAMPLE = "muster-agent doctor"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--bundle",
        type=Path,
        metavar="FILE",
        help="write a .zip for IT as well: no key, no token, no names of people",
    )


def run(args: argparse.Namespace, around: Surroundings) -> int:
    if args.bundle is not None and args.bundle.exists():
        raise BadInput(f"--bundle: {args.bundle} is there already; name a new file")
    items, state = _looked(args, around)
    if args.json:
        around.say(json.dumps({"items": [asdict(item) for item in items]}, indent=2))
    else:
        for item in items:
            said = [item.said, *([f"to do: {item.to_do}"] if item.to_do else [])]
            around.say(*row(f"{'problem' if item.to_do else 'ok':8} {item.name}", said, 25))
    if args.bundle is not None:
        _write(args.bundle, items, state, around)
    return 1 if any(item.to_do for item in items) else 0


def _looked(args: argparse.Namespace, around: Surroundings) -> "tuple[list[Item], State | None]":
    from agent import remedies
    from agent.doctor import Item, denied_signals, examine, privileges, sight

    seen = observe_all(around.host())
    denied = None if around.root else denied_signals(seen)
    state: State | None = None
    try:
        state = around.open_state(args.state, "state is", NAME)
        items = examine(state, around.clock(), denied)
    except config.KeptByRoot as error:
        where, _, to_do = str(error).rpartition(": ")
        items = [Item("state folder", where, to_do), privileges(denied)]
    except StateError as error:
        items = [Item("state folder", str(error), remedies.to_do(error)), privileges(denied)]
    return items + sight(seen), state


def _write(path: Path, items: "list[Item]", state: State | None, around: Surroundings) -> None:
    """What is in it is said, to whoever is to hand it on."""
    from agent import durable, support
    from agent.commands.record import names_of
    from agent.recordings.redaction import Redaction

    redact = Redaction(names_of(around.host()))
    try:
        durable.write(path, support.archive(items, state, around.clock(), redact))
    except OSError as error:
        raise BadInput(f"--bundle: cannot write {path}: {error.strerror}") from error
    print(f"Written for IT: {path}", file=sys.stderr)
    for name, what in support.CONTENTS.items():
        print(f"  {name:16} {what}", file=sys.stderr)
