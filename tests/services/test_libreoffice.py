"""LibreOffice reads every text of the workbook as it was written, and runs none."""

import csv
import io
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from collector.export.columns import CHANGES
from collector.export.heading import Heading, Totals
from collector.export.sheet_rows import LONGEST_CELL, fitting
from collector.export.to_xlsx import Writer

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TEXTS = (
    "007", "1e5", "TRUE", "2026-11-22", 'a,"b";c', "two\nlines", " blanks ", "\u202egnp.exe",
    "\u05d0\u0645", "\U0001f525é", "=1+1", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.org")', "http://example.org", "_x0041_", "x" * LONGEST_CELL,
    "y" * (LONGEST_CELL + 1),
)  # fmt: skip
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


def read_back(book: Path, sheet: str) -> list[dict[str, str]]:
    home = f"-env:UserInstallation={book.parent.joinpath('office').as_uri()}"
    words = ["soffice", home, "--headless", "--convert-to", EVERY_SHEET, "--outdir"]
    subprocess.run([*words, book.parent, book], check=True, timeout=300, capture_output=True)
    text = (book.parent / f"{book.stem}-{sheet}.csv").read_bytes().decode("utf-8-sig")
    csv.field_size_limit(1 << 20)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_text_comes_back_as_it_was_written(tmp_path: Path) -> None:
    writer = Writer(tmp_path, Heading(NOW, "muster-collector", "test", 1))
    for text in TEXTS:
        row = ("id", "host", "", "fixed", "rule", "title", NOW, text)
        writer.write(CHANGES, row, row)
    writer.finish(Totals())
    writer.close()
    rows = read_back(tmp_path / "posture.xlsx", "changes")
    assert [row["because"] for row in rows] == [fitting(text) for text in TEXTS]
    assert {row["at"] for row in rows} == {"2026-11-22 12:00:00"}
