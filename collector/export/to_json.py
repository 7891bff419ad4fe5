"""A table as one JSON document, written as it comes: {"as_of", ..., "rows": [...]}.

ASCII only: whatever a device calls itself, the file holds no control character.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from json.encoder import encode_basestring_ascii
from pathlib import Path
from types import NoneType
from typing import Any

from collector.export.columns import TABLES, Table
from collector.export.files import Files
from collector.export.heading import Heading, Totals
from collector.export.safe import moment

ENCODED: dict[type, Callable[[Any], str]] = {
    str: encode_basestring_ascii,
    int: str,
    bool: lambda value: "true" if value else "false",
    NoneType: lambda _: "null",
}
"""What a row holds; several times as fast as an encoder that takes anything."""


class Writer:
    """One file a table; a row is one line, so that two packs can be compared with diff."""

    def __init__(self, folder: Path, heading: Heading) -> None:
        self._files = Files(folder)
        head = json.dumps(asdict(heading), default=_plain).removesuffix("}")
        self._open = {}
        for table in TABLES:
            self._open[table.name] = self._files.text(f"{table.name}.json")
            self._open[table.name].write(head + f', "table": "{table.name}", "rows": [')
        self._rows = {table.name: _template(table) for table in TABLES}
        self._separators = dict.fromkeys(self._open, "\n")

    def write(self, table: Table, values: Sequence[Any], told: Sequence[Any]) -> None:
        name = table.name
        row = self._rows[name] % tuple([ENCODED[value.__class__](value) for value in told])
        self._open[name].write(self._separators[name] + row)
        self._separators[name] = ",\n"

    def finish(self, totals: Totals) -> None:
        for out in self._open.values():
            out.write("\n]}\n")
        self._files.finish()

    def close(self) -> None:
        self._files.close()


def _template(table: Table) -> str:
    return "{" + ", ".join(f'"{name}": %s' for name in table.columns) + "}"


def _plain(value: object) -> str:
    assert isinstance(value, datetime)
    return moment(value)
