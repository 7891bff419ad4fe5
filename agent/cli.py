"""`muster-agent`: every command, one clear line for every trouble, and exit codes that tell.

0: done. 1: it did not work, or there is a problem. 2: what was typed or given cannot be used.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

from agent import __version__, own_program
from agent.commands import run
from agent.exchange.troubles import TransportError
from agent.memory import keep_off_disk
from agent.printable import shorten
from agent.state import StateError
from agent.surroundings import BadInput, OutputFailed, Surroundings

LONGEST_TROUBLE = 1000
WIDTH = 80


class Command(Protocol):
    """What a module of `agent.commands` offers."""

    NAME: str
    HELP: str
    EXAMPLE: str

    def arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace, around: Surroundings) -> int: ...


def commands(argv: Sequence[str] = ()) -> tuple[Command, ...]:
    """All of them; for a command line of the service that one alone, which stays small by it."""
    if argv[:1] == [run.NAME]:
        return (run,)
    from agent.commands import (
        check,
        doctor,
        enroll,
        erase,
        notify,
        privacy,
        receipt,
        record,
        report,
        service,
        status,
        update,
    )

    return (
        enroll,
        run,
        check,
        report,
        status,
        receipt,
        notify,
        privacy,
        record,
        doctor,
        update,
        erase,
        service,
    )


class Formatter(argparse.HelpFormatter):
    """The usual one finds the terminal's width with `shutil`, which brings every archive format."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    try:
        return int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size().columns or WIDTH
    except (ValueError, OSError):
        return WIDTH


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def __init__(self, **words: Any) -> None:
        super().__init__(**{"formatter_class": Formatter, **words})

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser(argv: Sequence[str] = ()) -> Parser:
    top = Parser(
        prog="muster-agent",
        description="Observes this device's security posture and reports it to one collector.",
        epilog="example: muster-agent check",
    )
    top.add_argument("--version", action="version", version=f"muster-agent {__version__}")
    below = top.add_subparsers(metavar="COMMAND", required=True)
    for command in commands(argv):
        one = below.add_parser(
            command.NAME,
            help=command.HELP,
            description=command.HELP[0].upper() + command.HELP[1:] + ".",
            epilog=f"example: {command.EXAMPLE}",
        )
        one.add_argument(
            "--state",
            metavar="DIR",
            help="the agent's state folder (MUSTER_AGENT_STATE; /var/lib/muster-agent for root)",
        )
        command.arguments(one)
        one.set_defaults(run=command.run)
    return top


def main(argv: Sequence[str] | None = None, around: Surroundings | None = None) -> int:
    """Run one command; returns the exit status."""
    if around is None:
        keep_off_disk()  # the whole process is ours
        around = Surroundings(watches=True)
    argv = sys.argv[1:] if argv is None else list(argv)
    args = parser(argv).parse_args(argv)
    try:
        if around.watches:
            own_program.look()
        status: int = args.run(args, around)
    except BadInput as error:
        return _say(str(error), 2)
    except (StateError, TransportError) as error:
        return _say(str(error), 1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away; nothing is left to say
        return 1
    except OutputFailed as error:
        return _say(f"cannot write the output: {error}", 1)
    except KeyboardInterrupt:
        return _say("interrupted", 1)
    return status


def _say(trouble: str, status: int) -> int:
    """One line; what a server or a proxy answered may hold control characters."""
    print(f"muster-agent: {shorten(trouble, LONGEST_TROUBLE)}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
