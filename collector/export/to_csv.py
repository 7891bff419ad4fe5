"""A table as CSV that no spreadsheet takes for a formula: RFC 4180, UTF-8 with a byte order mark
(spreadsheets guess the encoding otherwise), times in ISO 8601 UTC.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collector.export.columns import TABLES, Table
from collector.export.files import Files
from collector.export.heading import Heading, Totals
from collector.export.safe import cell, moment


class Writer:
    """One file a table."""

    def __init__(self, folder: Path, heading: Heading) -> None:
        self._files = Files(folder)
        self._as_of = moment(heading.as_of)
        self._lines = {table.name: self._begun(table) for table in TABLES}

    def _begun(self, table: Table) -> Any:
        out = self._files.text(f"{table.name}.csv")
        out.write("\ufeff")
        writer = csv.writer(out)
        writer.writerow(["as_of", *table.columns])
        return writer.writerow

    def write(self, table: Table, values: Sequence[Any], told: Sequence[Any]) -> None:
        self._lines[table.name]([self._as_of, *map(cell, told)])

    def finish(self, totals: Totals) -> None:
        self._files.finish()

    def close(self) -> None:
        self._files.close()
