"""One line an event: a constant sentence, and what varies in fields."""

import sys
from typing import Protocol


class Log(Protocol):
    """Takes down one event."""

    def __call__(self, sentence: str, **fields: str | float) -> None: ...


def to_stderr(sentence: str, **fields: str | float) -> None:
    """The service manager adds the time."""
    print(line(sentence, **fields), file=sys.stderr, flush=True)


def line(sentence: str, **fields: str | float) -> str:
    """A field never breaks the line.

    >>> line("check-in done", receipt="stored", because="two words")
    'check-in done receipt=stored because="two words"'
    """
    return " ".join([sentence, *(f"{name}={_field(value)}" for name, value in fields.items())])


def _field(value: str | float) -> str:
    said = "".join(c if c.isprintable() else " " for c in str(value))
    return '"' + said.replace('"', "'") + '"' if not said or " " in said else said
