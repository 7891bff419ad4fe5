"""A table as one JSON document, written as it comes: {"as_of", ..., "rows": [...]}.

ASCII only: whatever a device calls itself, the file holds no control character.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from collector.export.columns import TABLES, Table
from collector.export.files import Files
from collector.export.heading import Heading, Totals
from collector.export.safe import moment


class Writer:
    """One file a table; a row is one line, so that two packs can be compared with diff."""

    def __init__(self, folder: Path, heading: Heading) -> None:
        self._files = Files(folder)
        self._columns = {table.name: table.columns for table in TABLES}
        self._encode = json.JSONEncoder(default=_plain).encode
        head = self._encode(asdict(heading)).removesuffix("}")
        self._open = {}
        for table in TABLES:
            self._open[table.name] = self._files.text(f"{table.name}.json")
            self._open[table.name].write(head + f', "table": "{table.name}", "rows": [')
        self._separators = dict.fromkeys(self._open, "\n")

    def write(self, table: Table, values: Sequence[Any]) -> None:
        name = table.name
        row = dict(zip(self._columns[name], values, strict=True))
        self._open[name].write(self._separators[name] + self._encode(row))
        self._separators[name] = ",\n"

    def finish(self, totals: Totals) -> None:
        for out in self._open.values():
            out.write("\n]}\n")
        self._files.finish()

    def close(self) -> None:
        self._files.close()


def _plain(value: object) -> str:
    assert isinstance(value, datetime)
    return moment(value)
