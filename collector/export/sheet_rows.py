"""The rows of a sheet as SpreadsheetML, written straight into the file that XlsxWriter keeps of
them: several times as fast as cell by cell, and no text is ever taken for markup.

XlsxWriter itself puts a text that begins with <r> and ends with </r> into the sheet as it is; a
device could spoil the workbook with its name. Strings stand in their cells (ECMA-376-1, 18.3.1.53),
what XML 1.0 cannot hold as _xHHHH_ (22.9.2.19).
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum, auto
from functools import lru_cache
from typing import Any

from xlsxwriter.utility import xl_col_to_name

DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
LONGEST_CELL = 32_767
"""In units of UTF-16: an emoji is two (Excel specifications and limits)."""
CUT = " [cut short]"
"""At the end of a cell that holds more in the other files of the pack."""
ILLEGAL = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9a-fA-F]{4}_)")
MARKUP = re.compile("[&<>]")
LONGEST_KEPT, MOST_KEPT = 200, 4_096
"""A pack says the same titles, reasons and names over and over: they are written out once."""


class Kind(Enum):
    TEXT = auto()
    MOMENT = auto()
    NUMBER = auto()
    TRUTH = auto()


class Rows:
    """Below the header of a sheet that was made with `constant_memory`; row 0 is the header.

    `moment` is the format of times; `last` the row that was written last.
    """

    def __init__(self, sheet: Any, kinds: Sequence[Kind], moment: Any) -> None:
        sheet._write_single_row(1)  # the header is the first in the file
        self._sheet, self._kinds, self.last = sheet, kinds, 0
        self._begins = [f'<c r="{xl_col_to_name(number)}' for number in range(len(kinds))]
        self._moment = f' s="{moment._get_xf_index()}"'

    def write(self, values: Sequence[Any]) -> None:
        self.last += 1
        row, text = self.last + 1, _kept_text
        cells = [f'<row r="{row}">']
        for begin, kind, value in zip(self._begins, self._kinds, values, strict=True):
            if value is None or value == "":
                continue
            if kind is Kind.TEXT:
                said = text(value) if len(value) <= LONGEST_KEPT else _text(value)
                cells.append(f'{begin}{row}"{said}')
            elif kind is Kind.MOMENT:
                cells.append(f'{begin}{row}"{self._moment}><v>{serial(value):.16G}</v></c>')
            elif kind is Kind.NUMBER:
                cells.append(f'{begin}{row}"><v>{value}</v></c>')
            else:
                cells.append(f'{begin}{row}" t="b"><v>{value:d}</v></c>')
        cells.append("</row>")
        self._sheet.row_data_fh.write("".join(cells))

    def finish(self) -> None:
        self._sheet.dim_rowmax = self.last


def fitting(words: str) -> str:
    """
    >>> fitting("short"), len(fitting("x" * 40_000)), fitting("x" * 40_000)[-13:]
    ('short', 32767, 'x [cut short]')
    >>> len(fitting("\U0001f525" * 20_000))
    16389
    """
    if len(words) <= LONGEST_CELL // 2:
        return words
    units = words.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * LONGEST_CELL:
        return words
    kept = units[: 2 * (LONGEST_CELL - len(CUT))].decode("utf-16-le", "ignore")
    return kept + CUT


def serial(at: datetime) -> float:
    """Days since 1899-12-30: how Excel counts from March 1900 on.

    >>> serial(datetime(2026, 11, 22, 12, tzinfo=UTC))
    46348.5
    """
    past = at - DAY_ZERO
    return past.days + (past.seconds + past.microseconds / 1e6) / 86_400


def _text(words: str) -> str:
    """Of a cell, all behind its place and style.

    >>> _text("a < b"), _text("<r></r>")[-23:]
    (' t="inlineStr"><is><t>a &lt; b</t></is></c>', '&lt;/r&gt;</t></is></c>')
    """
    said = ILLEGAL.sub(_escaped, fitting(words))
    if MARKUP.search(said):
        said = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    keep = ' xml:space="preserve"' if said[0].isspace() or said[-1].isspace() else ""
    return f' t="inlineStr"><is><t{keep}>{said}</t></is></c>'


def _escaped(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"


_kept_text = lru_cache(MOST_KEPT)(_text)
