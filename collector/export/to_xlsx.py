"""The tables as one workbook: typed cells, a frozen header, filters, colours, a sheet of sums.

Texts are written as texts, whatever they look like: nothing in the workbook is a formula, and
nothing becomes a link. Rows go to disk as they come (`sheet_rows`).
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, get_type_hints

import xlsxwriter

from collector.export import sheet_of_sums
from collector.export.columns import TABLES, Table
from collector.export.heading import Heading, Totals
from collector.export.sheet_rows import Kind, Rows

FILE = "posture.xlsx"
MOST_ROWS = 1_000_000
"""A sheet holds 1,048,576 rows (Excel specifications and limits); what is more gets another."""
COLOURS = {
    "status": {"fail": "bad", "unknown": "unsure", "pass": "good"},
    "compliance": {
        "non_compliant": "bad", "unknown": "unsure", "stale": "unsure", "compliant": "good",
    },
    "change": {
        "newly_failing": "bad", "no_longer_seen": "unsure", "silent": "unsure", "fixed": "good",
    },
}  # fmt: skip
WIDE = {"because": 60, "evidence": 60, "title": 44, "reason": 44, "waiver_reason": 44, "os": 26}
NARROW = {datetime: 19, int: 9, bool: 9}


class Writer:
    """One workbook; the sums come last and stand first."""

    def __init__(self, folder: Path, heading: Heading) -> None:
        self._path = folder / FILE
        self._book = xlsxwriter.Workbook(
            str(self._path),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "tmpdir": str(folder),
                "remove_timezone": True,
            },
        )
        self._book.set_properties(
            {"title": "Posture of the fleet", "created": heading.as_of.replace(tzinfo=None)}
        )
        self._heading = heading
        self._formats = _formats(self._book)
        self._sums = self._book.add_worksheet("summary")
        on_paper(self._sums)
        self._sheets = {table.name: _Sheet(self._book, self._formats, table) for table in TABLES}

    def write(self, table: Table, values: Sequence[Any], told: Sequence[Any]) -> None:
        self._sheets[table.name].write(values)

    def finish(self, totals: Totals) -> None:
        for sheet in self._sheets.values():
            sheet.finish()
        sheet_of_sums.write(self._book, self._sums, self._formats, self._heading, totals)
        self._book.close()
        with self._path.open("rb+") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        """What is half done lies in temporary files of the folder, and goes with it."""
        for sheet in self._book.worksheets():
            if sheet.row_data_fh is not None:
                with suppress(OSError):  # a full disk: closing writes what is left
                    sheet.row_data_fh.close()


class _Sheet:
    """A table, on as many sheets as it needs."""

    def __init__(self, book: Any, formats: dict[str, Any], table: Table) -> None:
        self._book, self._formats, self._table = book, formats, table
        hints = get_type_hints(table.row)
        self._kinds = [_kind(hints[name]) for name in table.columns]
        self._place = 0
        self._begin()

    def _begin(self) -> None:
        self._place += 1
        name = self._table.name if self._place == 1 else f"{self._table.name} {self._place}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 2)
        self._sheet.repeat_rows(0)
        on_paper(self._sheet)
        hints = get_type_hints(self._table.row)
        for number, name in enumerate(self._table.columns):
            width = WIDE.get(name) or _width(hints[name])
            self._sheet.set_column(number, number, width)
            self._sheet.write_string(0, number, name, self._formats["head"])
        self._rows = Rows(self._sheet, self._kinds, self._formats["moment"])

    def write(self, values: Sequence[Any]) -> None:
        if self._rows.last == MOST_ROWS:
            self._end()
            self._begin()
        self._rows.write(values)

    def _end(self) -> None:
        last = self._rows.last
        self._rows.finish()
        self._sheet.autofilter(0, 0, last, len(self._table.columns) - 1)
        for number, name in enumerate(self._table.columns):
            for word, colour in COLOURS.get(name, {}).items() if last else ():
                rule = {"type": "cell", "criteria": "==", "value": f'"{word}"'}
                shown = rule | {"format": self._formats[colour]}
                self._sheet.conditional_format(1, number, last, number, shown)

    def finish(self) -> None:
        self._end()


def on_paper(sheet: Any) -> None:
    """Whoever prints it gets all columns on one breadth of A4."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _kind(hint: Any) -> Kind:
    if hint is int:
        return Kind.NUMBER
    if hint is bool:
        return Kind.TRUTH
    return Kind.TEXT if hint is str else Kind.MOMENT


def _width(hint: Any) -> int:
    return NARROW.get(hint, 19)


def _formats(book: Any) -> dict[str, Any]:
    return {
        "head": book.add_format({"bold": True, "bottom": 1, "bg_color": "#e8eaf0"}),
        "title": book.add_format({"bold": True, "font_size": 16}),
        "bold": book.add_format({"bold": True}),
        "muted": book.add_format({"font_color": "#555555"}),
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "percent": book.add_format({"num_format": "0.0%"}),
        "bad": book.add_format({"bg_color": "#fbd9d3", "font_color": "#7a1407"}),
        "unsure": book.add_format({"bg_color": "#fdeec2", "font_color": "#5c4300"}),
        "good": book.add_format({"bg_color": "#d5efdb", "font_color": "#0b4a1e"}),
    }
