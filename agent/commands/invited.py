"""Where an enrollment string comes from; a secret in the environment does not stay in it.

Whoever may read /proc/PID/environ (root, and the same account) can still see what this process was
started with: an MDM does better with a file.
"""

import argparse
from collections.abc import MutableMapping
from pathlib import Path

from agent.surroundings import BadInput, Surroundings


def arguments(parser: argparse.ArgumentParser) -> None:
    sources = parser.add_mutually_exclusive_group()
    sources.add_argument(
        "--string-file",
        type=Path,
        metavar="FILE",
        help="where the enrollment string or link is; else it is read from standard input",
    )
    sources.add_argument(
        "--string-variable",
        metavar="NAME",
        help="the environment variable that holds it; it is taken out of there at once",
    )


def words(args: argparse.Namespace, around: Surroundings) -> str:
    """The text with the string in it. Raises BadInput."""
    if args.string_variable is not None:
        return _of_variable(args.string_variable, around)
    if args.string_file is not None:
        return _of_file(args.string_file)
    from agent.exchange.enrollment import LONGEST_STRING

    if around.stdin.isatty():
        around.say("Paste the enrollment string or link and press Enter:")
        return around.stdin.readline(2 * LONGEST_STRING)
    return around.stdin.read(2 * LONGEST_STRING)


def _of_variable(name: str, around: Surroundings) -> str:
    said = around.environ.get(name, "")
    if isinstance(around.environ, MutableMapping):
        around.environ.pop(name, None)
    if not said:
        raise BadInput(f"--string-variable: the environment has no {name}, or an empty one")
    return said


def _of_file(file: Path) -> str:
    from agent.exchange.enrollment import LONGEST_STRING

    try:
        with file.open(encoding="utf-8") as opened:
            return opened.read(2 * LONGEST_STRING)
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} holds no text") from error
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror}") from error
