"""The page says what the pack says, the same every time, and nothing on it runs."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from collector.export import packing
from collector.export.packing import CannotExport
from collector.export.summary import figures, to_pdf
from collector.export.summary.blocks import Block, Page
from collector.model import Waiver
from collector.store import packs, policies
from tests.collector.export.conftest import WEEK, Packing, files_of
from tests.collector.export.fleet import DAY, DISKS, NOW, two_rules_text
from tests.collector.granting import grant

HOSTILE = '<script>alert(1)</script>#image("/etc/passwd")\u202egnp'


def html_of(packer: Packing, **more: object) -> str:
    return files_of(packer.pack(formats=("html",), **more))["summary.html"].decode()


def cells(html: str, name: str) -> list[str]:
    row = re.search(rf'<tr><th scope="row">{re.escape(name)}</th>(.*?)</tr>', html, re.DOTALL)
    assert row is not None, name
    return [re.sub(r"<[^>]*>", "", each) for each in re.findall(r"<td>(.*?)</td>", row[1])]


def sealed(weeks: int, passing: int) -> packs.SealedPack:
    sums = {
        "devices": {"compliant": passing, "non_compliant": 100 - passing},
        "rules": {DISKS: {"pass": passing, "fail": 100 - passing, "counting": 0}},
    }
    at = NOW - weeks * WEEK
    return packs.SealedPack(
        "all", at, f"posture-{weeks}.zip", "ab" * 32, None, json.dumps(sums), at
    )


def test_the_page_counts_what_the_tables_hold(packer: Packing) -> None:
    html = html_of(packer)
    assert cells(html, "Compliant") == ["2", "40%"]
    assert cells(html, "Unknown") == ["2", "40%"]
    assert cells(html, "Stale") == ["1", "20%"]
    assert cells(html, "Never reported") == ["1"]
    assert cells(html, "Devices retired") == ["1"]
    assert "4 answers are unknown. They are not counted as passes." in html


def test_a_rule_passes_where_it_was_seen_to_and_nowhere_else(packer: Packing) -> None:
    passing, *_ = cells(html_of(packer), "Every disk volume is encrypted")[1:]
    assert passing == "20%", "one of five: three are unknown and one fails"


def test_the_trend_is_that_of_the_packs_before(packer: Packing) -> None:
    for pack in (sealed(2, 60), sealed(1, 50)):
        packer.desk.store.write(lambda c, each=pack: packs.add(c, each))
    row = cells(html_of(packer), "Every disk volume is encrypted")
    assert row[2:4] == ["−30", "from 60% to 20%"]  # noqa: RUF001


def test_without_packs_before_there_is_no_trend(packer: Packing) -> None:
    html = html_of(packer, since=None)
    assert cells(html, "Every disk volume is encrypted")[2:4] == ["–", "–"]  # noqa: RUF001
    assert "This is the first pack" in html


def test_waivers_that_end_soon_are_named(packer: Packing) -> None:
    later = Waiver("id-good", DISKS, "x", "alice", NOW - DAY, NOW + timedelta(days=90))
    packer.desk.store.write(lambda c: grant(c, later))
    html = html_of(packer)
    assert "2 waivers are in force." in html
    assert cells(html, "beta")[1] == "2026-11-23 12:00 UTC"
    assert "2027-02-20" not in html


def test_a_policy_in_french_has_a_page_in_french(packer: Packing) -> None:
    text = 'language = "fr"\n' + two_rules_text()
    packer.desk.store.write(lambda c: policies.add(c, text, NOW, "alice"))
    html = html_of(packer)
    assert '<html lang="fr">' in html
    assert cells(html, "Aucun rapport reçu") == ["1"]


def test_nothing_on_the_page_runs_or_comes_from_elsewhere(packer: Packing) -> None:
    html = html_of(packer)
    assert "default-src 'none'" in html
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|\son\w+=", html)


def test_the_pdf_is_tagged_and_the_same_every_time(packer: Packing) -> None:
    first = packer.pack(formats=("pdf",))
    before = files_of(first)["summary.pdf"]
    first.unlink()
    assert files_of(packer.pack(formats=("pdf",)))["summary.pdf"] == before
    assert before.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in before or b"/ObjStm" in before
    assert b"pdfuaid:part" in before


def test_texts_are_data_to_the_pdf_and_never_markup(tmp_path: Path) -> None:
    page = Page("en", HOSTILE, HOSTILE, [HOSTILE], [Block(HOSTILE, [HOSTILE])])
    to_pdf.set_page(page, tmp_path / "x.pdf", NOW, lambda: None)
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


def test_a_pdf_that_cannot_be_set_leaves_no_pack(
    packer: Packing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_pdf, "SECONDS", 0)
    with pytest.raises(CannotExport, match=r"summary\.pdf could not be set"):
        packer.pack(formats=("pdf",))
    assert list(packer.out.iterdir()) == []


def test_who_stops_while_the_pdf_is_set_finds_nothing_left(
    packer: Packing, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The worst case: Typst is done before it is asked for the first time.
    monkeypatch.setattr(to_pdf, "_apart", lambda text, out, *_: out.write_bytes(b"%PDF"))

    def stop(what: str, count: int) -> None:
        if what == "summary":
            raise packing.Cancelled("it was stopped")

    with pytest.raises(packing.Cancelled):
        packing.pack(packer.desk, packer.order(formats=("pdf",)), stop)
    assert list(packer.out.iterdir()) == []


def test_parts_that_are_not_there_take_no_place() -> None:
    drawn = figures.shares([(0, "#000000"), (3, "#111111"), (1, "#222222")])
    assert re.findall(r'width="([\d.]+)" height="14" fill="(#\d+)"', drawn) == [
        ("480.00", "#111111"), ("160.00", "#222222"),
    ]  # fmt: skip


def test_a_column_head_is_set_in_the_size_of_its_page(packer: Packing) -> None:
    """On paper the text is smaller than the root's: sizes of the root would stay large."""
    page = files_of(packer.pack())["summary.html"].decode()
    sizes = re.findall(r"font-size: ([^;} ]+)", page)
    assert [size for size in sizes if size.endswith("rem")] == []
    assert "min-width: 8.5em" in page
