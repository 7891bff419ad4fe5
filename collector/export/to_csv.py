"""Rows as CSV that no spreadsheet takes for a formula.

RFC 4180, UTF-8 with a byte order mark (spreadsheets guess the encoding otherwise), times in
ISO 8601 UTC. A cell that a spreadsheet could run begins with an apostrophe; control characters
become spaces (OWASP, "CSV Injection").
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import IO

from collector.export.rows import Heading, Row

# A sign that begins a formula, where a cell begins: also behind a separator, because a spreadsheet
# may be set to another one than the comma and cut our cells there. Full-width forms count.
RUNNABLE = re.compile(r"(^|[;,|])(?=[\s\"']*[=+\-@\uff1d\uff0b\uff0d\uff20])")
CONTROL = ("\t", "\r", "\n")


def write(heading: Heading, rows: Iterable[Row], out: IO[str]) -> None:
    """Write a header line and one line a row; `out` is opened with newline=""."""
    names = [field.name for field in fields(Row)]
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow(["as_of", *names])
    as_of = cell(heading.as_of)
    for row in rows:
        writer.writerow([as_of, *(cell(getattr(row, name)) for name in names)])


def cell(value: object) -> str:
    """One cell, as text that stays text.

    >>> cell("=1+1"), cell("a\\nb"), cell(None), cell(3)
    ("'=1+1", 'a b', '', '3')
    >>> cell("nft: ok; =1+1")
    "nft: ok;' =1+1"
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    words = str(value)
    plain = "".join(c if c.isprintable() else " " for c in words)
    safe = RUNNABLE.sub(r"\1'", plain)
    return f"'{safe}" if words.startswith(CONTROL) and not safe.startswith("'") else safe
