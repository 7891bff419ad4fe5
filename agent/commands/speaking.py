"""A command that a person reads speaks their language; what others wait for is said in English."""

import argparse
from contextlib import AbstractContextManager

from agent.language import LANGUAGES, reading
from agent.surroundings import Surroundings


def add_language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        help="the language of what is shown (LANGUAGE, LC_ALL, LC_MESSAGES, LANG)",
    )


def speaking(args: argparse.Namespace, around: Surroundings) -> AbstractContextManager[None]:
    """Within this, texts are in the language of whoever typed the command."""
    return reading(around.language(args.language))
