"""Rows as one JSON document, written as they come: {"as_of", ..., "findings": [...]}.

ASCII only: whatever a device calls itself, the file holds no control character.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import IO

from collector.export.rows import Heading, Row


def write(heading: Heading, rows: Iterable[Row], out: IO[str]) -> None:
    """Write the document; a row is one line, so that two exports can be compared with diff."""
    head = json.dumps(asdict(heading), default=_plain)
    out.write(head.removesuffix("}") + ', "findings": [')
    separator = "\n"
    for row in rows:
        out.write(separator + json.dumps(asdict(row), default=_plain))
        separator = ",\n"
    out.write("\n]}\n")


def _plain(value: object) -> str:
    assert isinstance(value, datetime)
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"
