"""The files are as they were agreed on, safe to open, and there whole or not at all."""

import csv
import ctypes
import io
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import export
from collector.export import to_csv
from collector.export.rows import Heading, Row
from collector.export.writing import CannotExport, write
from collector.model import Compliance, Status
from collector.policy import default_text, load
from collector.store import Store, policies
from tests.collector.export.fleet import NOW, two_rules, two_rules_text

GOLDEN = Path(__file__).parent / "golden"
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"


@pytest.mark.parametrize("name", ["posture.csv", "posture.json", "README.txt", "policy.toml"])
def test_the_files_are_as_they_were_agreed_on(name: str, store: Store, tmp_path: Path) -> None:
    folder = write(store, two_rules(), NOW, tmp_path / "out")
    assert folder.name == "posture-2026-W47-20261122T120000Z"
    assert (folder / name).read_bytes() == (GOLDEN / name).read_bytes()


def test_the_policy_is_there_as_it_was_applied_also_when_another_follows(
    store: Store, tmp_path: Path
) -> None:
    store.write(lambda c: policies.add(c, "stale_after_days = 1\n", NOW, "alice"))
    folder = write(store, two_rules(), NOW, tmp_path / "out")
    assert (folder / "policy.toml").read_text() == two_rules_text()
    default = load(default_text(), "the default policy", 0)
    folder = write(store, default, NOW, tmp_path / "default")
    assert (folder / "policy.toml").read_text() == default_text()


def test_the_readme_explains_every_column_state_and_status(store: Store, tmp_path: Path) -> None:
    text = (write(store, two_rules(), NOW, tmp_path) / "README.txt").read_text()
    assert all(len(line) <= 80 and line.isprintable() for line in text.splitlines())
    explained = set(re.findall(r"^  (\w+) +\S", text, re.MULTILINE))
    columns = {"as_of", *(column.name for column in fields(Row))}
    assert explained == {*columns, *Compliance, *Status}


def test_csv_and_json_say_the_same(store: Store, tmp_path: Path) -> None:
    folder = write(store, two_rules(), NOW, tmp_path)
    document = json.loads((folder / "posture.json").read_text())
    with (folder / "posture.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert document["as_of"] == "2026-11-22T12:00:00Z"
    assert len(lines) == len(document["findings"]) == 10
    for line, row in zip(lines, document["findings"], strict=True):
        assert list(line) == ["as_of", *row]
        safe = {key: to_csv.cell(value) for key, value in row.items()}
        assert line == {"as_of": document["as_of"], **safe}


def test_no_file_holds_a_control_character(store: Store, tmp_path: Path) -> None:
    folder = write(store, two_rules(), NOW, tmp_path)
    text = (folder / "posture.csv").read_bytes().decode("utf-8-sig")
    assert text.replace("\r\n", "").isprintable()
    assert (folder / "posture.json").read_text().replace("\n", "").isprintable()
    hostile = json.loads((folder / "posture.json").read_text())["findings"]
    assert "\x1b[2J\r\n+1;=2" in {row["because"] for row in hostile}


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "' =1"),
        ("\rx", "' x"),
        ("\nx", "' x"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff20x", "'\uff20x"),
        ("   =1", "'   =1"),
        ("\u00a0=1", "' =1"),
        ("\u3000\u200b=1", "'  =1"),
        ('"=1"', "'\"=1\""),
        ("a;=1", "a;'=1"),
        ("a; \"=1", "a;' \"=1"),
        ("a,@x|-1", "a,'@x|'-1"),
        ("a = b", "a = b"),
        ("x\x1b[2Jy\u202e", "x [2Jy "),
        ("2026-11-22", "2026-11-22"),
        ("", ""),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(value: str, cell: str) -> None:
    assert to_csv.cell(value) == cell


@given(st.text(alphabet=st.sampled_from(SIGNS + "a; ,|\t\r\n\"'\u00a0\u200b"), max_size=12))
def test_however_a_spreadsheet_cuts_a_cell_no_piece_begins_with_a_sign(value: str) -> None:
    cell = to_csv.cell(value)
    for separator in ",;|":
        for piece in cell.split(separator):
            assert not piece.lstrip(' "').startswith(tuple(SIGNS))
    assert not cell.startswith(("\t", "\r", "\n"))


def nothing_but(store: Store, out: Path) -> list[str]:
    return [path.name for path in out.iterdir() if path != store.path.parent]


def failing(heading: Heading, rows: Iterable[Row], out: IO[str]) -> None:
    out.write("half a file")
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("deep", ["out", "out/of/here"])
def test_a_writer_that_fails_leaves_nothing_behind(
    deep: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(export.FORMATS, "json", failing)
    with pytest.raises(CannotExport, match="is full: free space there, or name another --out"):
        write(store, two_rules(), NOW, tmp_path / deep)
    assert nothing_but(store, tmp_path) == []


def test_a_folder_that_was_there_before_stays(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(export.FORMATS, "json", failing)
    (tmp_path / "out").mkdir()
    with pytest.raises(CannotExport):
        write(store, two_rules(), NOW, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 kB, where this account may mount one."""
    libc = ctypes.CDLL(None, use_errno=True)
    place = tmp_path / "small"
    place.mkdir()
    if libc.mount(b"none", os.fsencode(place), b"tmpfs", 0, b"size=16k") != 0:
        pytest.skip("no right to mount a file system")
    yield place
    libc.umount2(os.fsencode(place), 2)


def test_a_full_disk_is_one_line_and_leaves_nothing_behind(store: Store, small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"x" * 10_000)
    with pytest.raises(CannotExport) as refused:
        write(store, two_rules(), NOW, small_disk / "out")
    assert str(refused.value).startswith(f"the disk that holds {small_disk}/out is full")
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_a_second_export_of_the_same_second_is_refused_and_the_first_stays(
    store: Store, tmp_path: Path
) -> None:
    first = write(store, two_rules(), NOW, tmp_path, ["csv"])
    with pytest.raises(CannotExport, match="is already there: wait a second"):
        write(store, two_rules(), NOW, tmp_path)
    assert sorted(path.name for path in first.iterdir()) == [
        "README.txt",
        "policy.toml",
        "posture.csv",
    ]


def test_a_file_in_the_place_of_the_folder_is_one_line(store: Store, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(CannotExport, match=r"cannot be written to .*: name another folder"):
        write(store, two_rules(), NOW, tmp_path / "out")


def test_only_the_owner_and_the_group_may_look(store: Store, tmp_path: Path) -> None:
    folder = write(store, two_rules(), NOW, tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o750


def test_csv_of_nobody_is_its_header() -> None:
    out = io.StringIO(newline="")
    to_csv.write(Heading(NOW, "muster-collector", 1), [], out)
    assert out.getvalue().startswith("\ufeffas_of,device_id,hostname,")
    assert out.getvalue().count("\r\n") == 1
