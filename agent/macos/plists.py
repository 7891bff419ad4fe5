"""Reads property lists, XML and binary, and never guesses at one that is damaged.

Tools such as ``pwpolicy`` and ``fdesetup`` print a line of text before the XML.
"""

import plistlib
import struct
from collections.abc import Mapping
from xml.parsers.expat import ExpatError

from agent.host import FileMissing, Host, Unparsable

STARTS = (b"bplist00", b"<?xml", b"<!DOCTYPE plist", b"<plist")
END = b"</plist>"

DAMAGE = (
    plistlib.InvalidFileException,
    ExpatError,
    struct.error,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What plistlib raises for noise: its readers check little and let their own errors through."""

Plist = Mapping[str, object]


def parse(content: bytes | str, source: str) -> object:
    """The property list inside `content`. Raises Unparsable, naming the source."""
    raw = content.encode() if isinstance(content, str) else content
    starts = [place for mark in STARTS if (place := raw.find(mark)) >= 0]
    if not starts:
        raise Unparsable(f"{source} holds no property list")
    raw = raw[min(starts) :]
    if not raw.startswith(STARTS[0]) and (end := raw.rfind(END)) >= 0:
        raw = raw[: end + len(END)]
    try:
        return plistlib.loads(raw)
    except DAMAGE as error:
        raise Unparsable(f"{source} holds a damaged property list") from error


def table(content: bytes | str, source: str) -> Plist:
    """`parse`, where the property list must be a dictionary."""
    found = parse(content, source)
    if not isinstance(found, dict):
        raise Unparsable(f"{source} holds a property list that is no dictionary")
    return found


def read(host: Host, path: str) -> Plist:
    """The dictionary in a file. Raises as `Host.read`, and Unparsable."""
    return table(host.read(path), path)


def read_if_there(host: Host, path: str) -> Plist | None:
    """The dictionary, or None when there is no such file. Any other trouble is raised."""
    try:
        return read(host, path)
    except FileMissing:
        return None


def flag(value: object) -> bool | None:
    """Yes or no, which preferences hold as a boolean, a number or a word; None for anything else.

    >>> flag(1), flag(False), flag("YES"), flag("soon")
    (True, False, True, None)
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, int | str):
        words = str(value).strip().lower()
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(
            words
        )
    return None


def seconds(value: object) -> int | None:
    """A whole number that is not negative, however it was stored; None for anything else.

    >>> seconds(300), seconds("600"), seconds(5.0), seconds(True), seconds(-1)
    (300, 600, 5, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if number.is_integer() and 0 <= number < 1 << 31 else None
