"""Texts of devices, made harmless for the program that opens them.

A cell that a spreadsheet could run begins with an apostrophe; control characters become spaces
(OWASP, "CSV Injection").
"""

import re
from datetime import datetime
from functools import lru_cache

# A sign that begins a formula, where a cell begins: also behind a separator, because a spreadsheet
# may be set to another one than the comma and cut our cells there. Full-width forms count.
RUNNABLE = re.compile(r"(^|[;,|])(?=[\s\"']*[=+\-@\uff1d\uff0b\uff0d\uff20])")
SUSPECT = re.compile(r"[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")
CONTROL = ("\t", "\r", "\n")
LONGEST_KEPT = 200
MOST_KEPT = 8_192
"""A pack says the same titles, reasons and names over and over: they are made safe once."""


def moment(at: datetime) -> str:
    """ISO 8601, UTC, whole seconds.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 11, 22, 23, 59, tzinfo=UTC))
    '2026-11-22T23:59:00Z'
    """
    return at.isoformat("T", "seconds")[:19] + "Z"


def cell(value: object) -> str:
    """One cell, as text that stays text.

    >>> cell("=1+1"), cell("a\\nb"), cell(None), cell(3), cell(True)
    ("'=1+1", 'a b', '', '3', 'yes')
    >>> cell("nft: ok; =1+1")
    "nft: ok;' =1+1"
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return _kept(value) if len(value) <= LONGEST_KEPT else _text(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _text(words: str) -> str:
    printable = words.isprintable()
    plain = words if printable else "".join(c if c.isprintable() else " " for c in words)
    if SUSPECT.search(words) is None:
        return plain
    safe = RUNNABLE.sub(r"\1'", plain)
    return f"'{safe}" if words.startswith(CONTROL) and not safe.startswith("'") else safe


_kept = lru_cache(MOST_KEPT)(_text)
