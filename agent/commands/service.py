"""`muster-agent service`: what Windows' service manager starts; elsewhere it does nothing."""

import argparse
import sys

from agent.commands import run as running
from agent.surroundings import BadInput, Surroundings

NAME = "service"
HELP = "run as a Windows service; Windows starts this, people do not"
EXAMPLE = "muster-agent service"


def arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""
    parser.set_defaults(once=False, at_once=False, tell=False, called=False)


def run(args: argparse.Namespace, around: Surroundings) -> int:
    if sys.platform != "win32":
        raise BadInput("this is for Windows; here: muster-agent run")
    from agent.windows.service import Hosted, ThisManager

    hosted = Hosted(ThisManager(), around.log)
    return hosted.run(lambda: running.run(args, around))
