"""`muster-agent run`: the service. It asks on its own timer and listens on nothing."""

import argparse
import random
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from agent import config
from agent.exchange.troubles import Busy, TransportError
from agent.state import State, StateError
from agent.visits import Told, Visits, own_program

if TYPE_CHECKING:
    from agent.surroundings import Surroundings

NAME = "run"
HELP = "keep checking in (service mode), or once with --once (for a timer)"
EXAMPLE = "muster-agent run --once"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="check in once and end")
    parser.add_argument(
        "--at-once",
        action="store_true",
        help="do not wait a random part of a minute before the first check-in",
    )
    # How the service starts its check-ins: the answer in one line, and why it comes.
    parser.add_argument("--tell", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--called", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace, around: "Surroundings") -> int:
    if args.once:
        return _once(args, around)
    from agent import resting
    from agent.resident import Service

    state = around.open_state(args.state, "state is", NAME)
    left = [*map(state.path, config.LEFT), *([config.PROFILE] if sys.platform == "darwin" else [])]
    if not any(path.exists() for path in left):  # else a visit enrolls first
        config.load(state)
    chance: random.Random = around.chance
    service = Service(state, _visits(state), resting.live(chance), chance, around.log)
    return service.run(at_once=args.at_once)


def _visits(state: State) -> Visits:
    folder = str(Path(state.folder))
    return Visits((*own_program(), NAME, "--once", "--tell", "--state", folder))


def _once(args: argparse.Namespace, around: "Surroundings") -> int:
    from agent.commands.visiting import visit

    if around.watches:
        _watch(args, around)
    if not args.tell:
        visit(args.state, around, NAME).run(called=args.called)
        return 0
    told = _told(args, around)
    around.say(told.line())
    return 1 if told.trouble else 0


def _watch(args: argparse.Namespace, around: "Surroundings") -> None:
    from agent.exchange import progress
    from agent.watching import Watch

    state = around.open_state(args.state, "state is", NAME)
    trouble = partial(progress.note_trouble, state)
    Watch(around.log, trouble).begin()


def _told(args: argparse.Namespace, around: "Surroundings") -> Told:
    from agent.commands.visiting import visit
    from agent.exchange import progress

    try:
        to_collector = visit(args.state, around, NAME)
        response = to_collector.run(called=args.called)
    except Busy as error:
        return Told(trouble=str(error), retry_after_seconds=error.retry_after_seconds)
    except (TransportError, StateError) as error:
        return Told(trouble=str(error))
    connected = progress.load(to_collector.state).connected
    return Told(response.next_check_in_seconds, connected)
