"""`muster-collector`, where its requirements are installed; where they are not, one line says so.

The agent and the collector are one package with two lists of requirements.
"""

import io
import sys
from typing import NoReturn

from collector.memory import keep_off_disk

OURS = ("agent", "collector", "protos")
NOT_INSTALLED = (
    "muster-collector: the collector's requirements are not installed here: "
    "pip install --require-hashes -r requirements/collector.txt"
)


def main() -> NoReturn:
    keep_off_disk()
    _never_stop_at_a_character()
    try:
        from collector.cli import main as program

        program()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in OURS:
            raise
        print(NOT_INSTALLED, file=sys.stderr)
        sys.exit(1)


def _never_stop_at_a_character() -> None:
    """What the terminal's encoding cannot show becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    main()
