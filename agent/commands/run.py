"""`muster-agent run`: the service. It asks on its own timer and listens on nothing."""

import argparse
import signal
import sys
import time
from types import FrameType

from agent.commands.visiting import visit
from agent.exchange.listening import Listening
from agent.loop import Loop, Stopped
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


def run(args: argparse.Namespace, around: Surroundings) -> int:
    to_collector = visit(args.state, around, NAME)
    if args.once:
        to_collector.run()
        return 0
    listening = Listening(
        to_collector.state,
        around.connect,
        around.sleep,
        time.monotonic,
        around.chance,
        around.log,
    )
    loop = Loop(
        cycle=lambda: to_collector.run(called=listening.called).next_check_in_seconds,
        sleep=around.sleep,
        chance=around.chance,
        log=around.log,
        wait=listening.wait,
    )
    for number in _ending():
        signal.signal(number, _stop)
    try:
        loop.run(at_once=args.at_once)
    except Stopped:
        around.log("stopped")
    return 0


def _ending() -> tuple[signal.Signals, ...]:
    """What service managers and people send; on Windows a service's console gets SIGBREAK."""
    if sys.platform == "win32":
        return (signal.SIGTERM, signal.SIGINT, signal.SIGBREAK)
    return (signal.SIGTERM, signal.SIGINT)


def _stop(number: int, frame: FrameType | None) -> None:
    """End wherever we are: what is on disk is always whole."""
    del frame
    raise Stopped(signal.Signals(number).name)
