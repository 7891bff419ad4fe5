"""What is printed fits 80 columns, and nothing a device says can steer the terminal. Pure.

A name may hold escape sequences or turn the direction of writing: only printable characters pass.
"""

import json
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click

from collector.model import Compliance, Device, Status
from collector.wording import STATES, STATUSES, machine

WIDTH = 80
COLOURS = {
    Compliance.COMPLIANT: "green",
    Compliance.NON_COMPLIANT: "red",
    Compliance.UNKNOWN: "yellow",
    Compliance.STALE: "yellow",
    Status.PASS: "green",
    Status.FAIL: "red",
    Status.UNKNOWN: "yellow",
    Status.NOT_APPLICABLE: "white",
}


def plain(text: str) -> str:
    """One line of printable characters.

    >>> plain("al\\x1b[31mpha\\nbeta\\u202e")
    'al [31mpha beta '
    """
    return "".join(c if c.isprintable() else " " for c in text)


def width(text: str) -> int:
    """How many columns the text takes.

    >>> width("laptop"), width("\\u65e5\\u672c"), width("e\\u0301")
    (6, 4, 1)
    """
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def fitted(text: str, columns: int) -> str:
    """Padded, or cut with an ellipsis, to exactly so many columns.

    >>> fitted("alpha", 7), fitted("alphabet", 7)
    ('alpha  ', 'alphab…')
    """
    line = plain(text)
    if width(line) > columns:
        line = _beginning(line, columns - 1) + "…"
    return line + " " * (columns - width(line))


def wrapped(text: str, columns: int) -> list[str]:
    """The words on as many lines as they need; a word wider than a line is broken.

    >>> wrapped("one two three", 7), wrapped("abcdefghij", 4)
    (['one two', 'three'], ['abcd', 'efgh', 'ij'])
    """
    lines: list[str] = []
    line = ""
    for whole in plain(text).split():
        word = whole
        if line and width(line) + 1 + width(word) <= columns:
            line += f" {word}"
            continue
        lines += [line] if line else []
        while width(word) > columns:
            piece = _beginning(word, columns)
            lines.append(piece)
            word = word[len(piece) :]
        line = word
    return [*lines, line] if line else lines


def row(label: str, text: str, column: int = 18) -> list[str]:
    """A label and its text beside it, the rest of the text below itself; [] without text."""
    lines = wrapped(text, WIDTH - column)
    labels = [label, *[""] * len(lines)]
    return [fitted(head, column) + line for head, line in zip(labels, lines, strict=False)]


def sentence(text: str) -> list[str]:
    return wrapped(text, WIDTH)


def indented(text: str, by: int = 4) -> list[str]:
    return [" " * by + line for line in wrapped(text, WIDTH - by)]


def _beginning(text: str, columns: int) -> str:
    taken = 0
    for place, character in enumerate(text):
        taken += _columns(character)
        if taken > columns:
            return text[:place]
    return text


def called(device: Device) -> str:
    """By its name and its id, which alone tells two of one name apart."""
    return f"{fitted(device.hostname or '(no name)', 40).rstrip()} ({device.device_id})"


def state_words(state: Compliance, columns: int = 0) -> str:
    """The state in words, and in its colour on a terminal that has colours."""
    return click.style(fitted(STATES[state], columns or len(STATES[state])), fg=COLOURS[state])


def status_words(status: Status) -> str:
    return click.style(STATUSES[status], fg=COLOURS[status])


def as_json(content: object) -> str:
    """ASCII, so that no text in it steers a terminal; times in ISO 8601, UTC, to the second."""
    return json.dumps(content, indent=2, default=_plain_value)


def _plain_value(value: Any) -> str:
    assert isinstance(value, datetime)
    return machine(value)


def say(lines: Iterable[str] | str) -> None:
    """On standard output; colours are left out where it is no terminal."""
    for line in [lines] if isinstance(lines, str) else lines:
        click.echo(line.rstrip())


def hint(text: str) -> None:
    """On standard error: what a person should know and a program need not."""
    for line in sentence(text):
        click.echo(line, err=True)


def counted(number: int, noun: str) -> str:
    """
    >>> counted(1, "device"), counted(2, "device")
    ('1 device', '2 devices')
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")
