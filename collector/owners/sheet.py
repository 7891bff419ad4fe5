"""A spreadsheet saved as CSV, read as text that stays text; every trouble with its line. Pure.

UTF-8 with or without a byte order mark, UTF-16 with one; commas, or the semicolons and tabs of a
spreadsheet in French. Nothing is guessed: what is not sure is refused.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from collector.translation import Text, gettext, said_of

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "e-mail", "mail", "courriel", "adresse e-mail", "email address"),
    "name": ("name", "nom", "full name", "nom complet", "display name"),
    "department": ("department", "service", "département", "departement", "team"),
    "language": ("language", "langue", "locale"),
    "device": ("device", "appareil", "poste", "serial", "serial number", "host name", "hostname"),
    "left_at": ("leaver date", "left", "left at", "date de départ", "date de depart", "départ"),
}
"""The columns that are kept, each with the headings that mean it."""

MOST_LINES = 1_000_000
MOST_SHOWN = 50
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong, on a line of the file (from 1; 0: the file as a whole)."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}" if self.line else self.what

    @property
    def said(self) -> str:
        """In the language of whoever reads."""
        what = said_of(ValueError(self.what))
        if not self.line:
            return what
        return gettext("line %(line)s: %(what)s", line=self.line, what=what)


class BadSheet(Exception):
    """The file cannot be taken; `troubles` says why, line by line."""

    def __init__(self, troubles: Sequence[Trouble]) -> None:
        super().__init__("\n".join(str(each) for each in troubles[:MOST_SHOWN]))
        self.troubles = tuple(troubles)


@dataclass(frozen=True, slots=True)
class Line:
    """Cells by column, those that the file has; `day_first`: it may be from a French Excel."""

    number: int
    cells: Mapping[str, str]
    day_first: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """`columns` are in the file; `unused` are headings that mean nothing here."""

    lines: tuple[Line, ...]
    columns: frozenset[str]
    unused: tuple[str, ...]


def read(content: bytes) -> Sheet:
    """Raises BadSheet."""
    text = text_of(content)
    first = text.split("\n", 1)[0]
    if not first.strip():
        raise _bad(
            0, Text("the file is empty: give it a first line with headings, such as email,device")
        )
    delimiter = max(",;\t", key=first.count)
    rows = list(_rows(text, delimiter))
    places, unused = _headings(rows[0][1])
    lines, troubles = [], []
    for number, row in rows[1:]:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(rows[0][1]):
            what = Text(
                "%(found)s columns: give it %(expected)s columns as in the first line",
                found=len(row),
                expected=len(rows[0][1]),
            )
            troubles.append(Trouble(number, what))
            continue
        cells = {name: row[place].strip() for name, place in places.items()}
        troubles += [Trouble(number, what) for what in _unfit(cells)]
        lines.append(Line(number, cells, delimiter == ";"))
    if troubles:
        raise BadSheet(troubles)
    if not lines:
        raise _bad(0, Text("no line below the headings: nothing to take over"))
    return Sheet(tuple(lines), frozenset(places), unused)


def text_of(content: bytes) -> str:
    """The text of the file. Raises BadSheet."""
    encoding = "utf-8-sig"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = Text('not UTF-8: save the file as "CSV UTF-8" in the spreadsheet')
        raise _bad(line, what) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _bad(line, Text("a zero byte: save the file as CSV"))
    return text


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
            if begins > MOST_LINES:
                raise _bad(
                    begins, Text("more than %(most)s lines: cut the file in parts", most=MOST_LINES)
                )
    except csv.Error:
        what = Text('a quotation mark is out of place: write "" within a cell')
        raise _bad(begins, what) from None


def _headings(row: list[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    places: dict[str, int] = {}
    unused = []
    for place, heading in enumerate(row):
        plain = " ".join(heading.replace("_", " ").split()).casefold()
        name = next((key for key, names in COLUMNS.items() if plain in names), "")
        if not name:
            unused.append(_shown(heading))
        elif name in places:
            raise _bad(1, Text("two columns mean %(name)s: keep one", name=name))
        else:
            places[name] = place
    if "email" not in places:
        there_are = "email, name, department, language, device, leaver date"
        what = Text(
            "no column email: the first line holds the headings (%(there_are)s)",
            there_are=there_are,
        )
        raise _bad(1, what)
    return places, tuple(each for each in unused if each)


def _unfit(cells: Mapping[str, str]) -> Iterator[str]:
    for name, cell in cells.items():
        if cell.startswith(FORMULA):
            yield Text(
                "%(name)s: %(cell)r begins like a formula: write it as plain text",
                name=name,
                cell=_shown(cell),
            )
        elif not cell.isprintable():
            yield Text(
                "%(name)s: it holds a line break or a sign that cannot be seen: take it out",
                name=name,
            )
        elif len(cell) > 200:
            yield Text("%(name)s: more than 200 characters", name=name)


def _shown(cell: str) -> str:
    plain = "".join(each if each.isprintable() else " " for each in cell).strip()
    return plain if len(plain) <= 40 else f"{plain[:39]}…"


def _bad(line: int, what: str) -> BadSheet:
    return BadSheet([Trouble(line, what)])
