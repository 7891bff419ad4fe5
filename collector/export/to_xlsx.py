"""The tables as one workbook: typed cells, a frozen header, filters, colours, a sheet of sums.

Texts are written as texts, whatever they look like: nothing in the workbook is a formula, and
nothing becomes a link. Rows go to disk as they come (XlsxWriter's constant_memory).
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, get_type_hints

import xlsxwriter

from collector.export import sheet_of_sums
from collector.export.columns import TABLES, Table
from collector.export.heading import Heading, Totals

FILE = "posture.xlsx"
MOST_ROWS = 1_000_000
"""A sheet holds 1,048,576 rows (Excel specifications and limits); what is more gets another."""
LONGEST_CELL = 32_767
CUT = " [cut short]"
"""At the end of a cell that holds more in the other files of the pack."""
COLOURS = {
    "fail": "bad", "non_compliant": "bad", "unknown": "unsure", "stale": "unsure",
    "pass": "good", "compliant": "good",
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

    def write(self, table: Table, values: Sequence[Any]) -> None:
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
        self._writers = [self._writer(name, hints[name]) for name in table.columns]
        self._place = 0
        self._begin()

    def _begin(self) -> None:
        self._place += 1
        name = self._table.name if self._place == 1 else f"{self._table.name} {self._place}"
        self._sheet = self._book.add_worksheet(name)
        self._row = 0
        self._sheet.freeze_panes(1, 2)
        self._sheet.repeat_rows(0)
        on_paper(self._sheet)
        hints = get_type_hints(self._table.row)
        for number, name in enumerate(self._table.columns):
            width = WIDE.get(name) or _width(hints[name])
            self._sheet.set_column(number, number, width)
            self._sheet.write_string(0, number, name, self._formats["head"])

    def write(self, values: Sequence[Any]) -> None:
        if self._row == MOST_ROWS:
            self._end()
            self._begin()
        self._row += 1
        for number, (write, value) in enumerate(zip(self._writers, values, strict=True)):
            if value is not None and value != "":
                write(number, value)

    def _writer(self, name: str, hint: Any) -> Callable[[int, Any], None]:
        if hint is int:
            return lambda column, value: self._sheet.write_number(self._row, column, value)
        if hint is bool:
            return lambda column, value: self._sheet.write_boolean(self._row, column, value)
        if hint is not str:
            return self._write_moment
        return self._write_coloured if name in ("status", "compliance") else self._write_text

    def _write_moment(self, column: int, value: datetime) -> None:
        plain = value.replace(tzinfo=None)
        self._sheet.write_datetime(self._row, column, plain, self._formats["moment"])

    def _write_coloured(self, column: int, value: str) -> None:
        self._sheet.write_string(
            self._row, column, value, self._formats.get(COLOURS.get(value, ""))
        )

    def _write_text(self, column: int, value: str) -> None:
        self._sheet.write_string(self._row, column, fitting(value))

    def _end(self) -> None:
        self._sheet.autofilter(0, 0, self._row, len(self._table.columns) - 1)

    def finish(self) -> None:
        self._end()


def on_paper(sheet: Any) -> None:
    """Whoever prints it gets all columns on one breadth of A4."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def fitting(words: str) -> str:
    """
    >>> fitting("short"), len(fitting("x" * 40_000)), fitting("x" * 40_000)[-13:]
    ('short', 32767, 'x [cut short]')
    """
    return words if len(words) <= LONGEST_CELL else words[: LONGEST_CELL - len(CUT)] + CUT


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
