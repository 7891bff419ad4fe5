"""One line an event: a constant sentence, and what varies in fields.

Lines go to standard error, of which the service manager makes its log and which it rotates: the
agent keeps no log file. The journal is told how grave each is (sd-daemon(3)); on macOS a service's
lines go to the unified log as well, by syslog(3).
"""

import os
import sys
from collections.abc import Mapping
from typing import Protocol

INFO, WARNING = 6, 4
LAUNCHD = 1
"""What starts a service on macOS."""


class Log(Protocol):
    """Takes down one event."""

    def __call__(self, sentence: str, **fields: str | float) -> None: ...


def to_stderr(sentence: str, **fields: str | float) -> None:
    """The service manager adds the time."""
    said, journal = line(sentence, **fields), os.environ.get("JOURNAL_STREAM", "")
    print(
        prefix(fields, journal, _standard_error() if journal else "") + said,
        file=sys.stderr,
        flush=True,
    )
    if sys.platform == "darwin" and os.getppid() == LAUNCHD:
        _to_unified_log(said, priority(fields))


def priority(fields: Mapping[str, str | float]) -> int:
    """Of syslog(3): a warning where it says why something did not go as it should.

    >>> priority({"receipt": "stored"}), priority({"because": "no route"})
    (6, 4)
    """
    return WARNING if fields.get("because") else INFO


def prefix(fields: Mapping[str, str | float], journal: str, ours: str) -> str:
    """What the journal reads; nothing where the lines go elsewhere, as from a terminal that was
    started by a unit. Both are "device:inode".

    >>> prefix({"because": "no route"}, "8:1", "8:1"), prefix({}, "8:1", "24:3"), prefix({}, "", "")
    ('<4>', '', '')
    """
    return f"<{priority(fields)}>" if journal and journal == ours else ""


def _standard_error() -> str:
    try:
        seen = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):  # closed, or none at all
        return ""
    return f"{seen.st_dev}:{seen.st_ino}"


def _to_unified_log(said: str, grave: int) -> None:
    if sys.platform != "win32":
        import syslog

        syslog.syslog(grave, said)


def line(sentence: str, **fields: str | float) -> str:
    """A field never breaks the line.

    >>> line("check-in done", receipt="stored", because="two words")
    'check-in done receipt=stored because="two words"'
    """
    return " ".join([sentence, *(f"{name}={_field(value)}" for name, value in fields.items())])


def _field(value: str | float) -> str:
    said = "".join(c if c.isprintable() else " " for c in str(value))
    return '"' + said.replace('"', "'") + '"' if not said or " " in said else said
