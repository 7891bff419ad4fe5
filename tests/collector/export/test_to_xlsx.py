"""The workbook says every text as text, colours what matters, and takes a sheet more for more."""

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from collector.export import to_xlsx
from collector.export.columns import CHANGES, DEVICES, FINDINGS, TABLES
from collector.export.heading import Heading, Totals
from collector.export.sheet_rows import LONGEST_CELL, fitting
from tests.collector.export.conftest import Packing, files_of
from tests.collector.export.fleet import NOW

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
TEXTS = (
    "<r></r>", "<r><t>x</t></r>", "<r></is></c></row></r>", "a & b < c > d", "]]>", "_x0041_",
    " blanks ", "\ttab", "bell\a", "line\nbreak\rreturn", "\ufffe\uffff", "\U0001f525 \u202egnp",
    "=1+1", "x" * (LONGEST_CELL + 5), "\U0001f525" * 20_000,
)  # fmt: skip


def written(folder: Path, texts: tuple[str, ...]) -> Path:
    writer = to_xlsx.Writer(folder, Heading(NOW, "muster-collector", "test", 1))
    for text in texts:
        row = ("id", "host", "", "fixed", "rule", "title", NOW, text)
        writer.write(CHANGES, row, row)
    writer.finish(Totals())
    writer.close()
    return folder / "posture.xlsx"


def sheets(book: Path) -> dict[str, ElementTree.Element]:
    with zipfile.ZipFile(book) as archive:
        named = ElementTree.fromstring(archive.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
        return {
            sheet.attrib["name"]: ElementTree.fromstring(
                archive.read(f"xl/worksheets/sheet{place}.xml")
            )
            for place, sheet in enumerate(named, 1)
        }


def column(sheet: ElementTree.Element, letter: str) -> list[str]:
    cells = [c for c in sheet.iter(f"{MAIN}c") if re.match(rf"{letter}\d", c.attrib["r"])]
    return ["".join(t.text or "" for t in cell.iter(f"{MAIN}t")) for cell in cells[1:]]


def plain(words: str) -> str:
    return re.sub(r"_x([0-9a-fA-F]{4})_", lambda found: chr(int(found[1], 16)), words)


def test_no_text_of_a_device_is_markup_and_each_comes_back(tmp_path: Path) -> None:
    found = column(sheets(written(tmp_path, TEXTS))["changes"], "H")
    assert [plain(each) for each in found] == [fitting(text) for text in TEXTS]


def test_rows_beyond_a_sheet_stand_on_another_with_its_own_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_xlsx, "MOST_ROWS", 2)
    found = sheets(written(tmp_path, ("a", "b", "c", "d", "e")))
    names = ["changes", "changes 2", "changes 3"]
    assert [column(found[name], "H") for name in names] == [["a", "b"], ["c", "d"], ["e"]]
    refs = [next(found[name].iter(f"{MAIN}dimension")).attrib["ref"] for name in names]
    assert refs == ["A1:H3", "A1:H3", "A1:H2"]
    filters = [next(found[name].iter(f"{MAIN}autoFilter")).attrib["ref"] for name in names]
    assert filters == refs


def test_every_table_has_a_frozen_header_a_filter_and_its_words_in_colour(packer: Packing) -> None:
    book = packer.out / "posture.xlsx"
    content = files_of(packer.pack())["posture.xlsx"]
    book.write_bytes(content)
    found = sheets(book)
    assert list(found) == ["summary", *(table.name for table in TABLES)]
    for table in TABLES:
        sheet = found[table.name]
        pane = next(sheet.iter(f"{MAIN}pane")).attrib
        assert (pane["state"], pane["ySplit"]) == ("frozen", "1")
        assert next(sheet.iter(f"{MAIN}autoFilter"), None) is not None
    for table, words in (
        (DEVICES, {"compliant", "non_compliant", "unknown", "stale"}),
        (FINDINGS, {"pass", "fail", "unknown"}),
        (CHANGES, {"newly_failing", "fixed", "no_longer_seen", "silent"}),
    ):
        rules = found[table.name].iter(f"{MAIN}conditionalFormatting")
        coloured = {f.text for rule in rules for f in rule.iter(f"{MAIN}formula")}
        assert coloured == {f'"{word}"' for word in words}
