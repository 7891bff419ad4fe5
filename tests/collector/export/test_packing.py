"""A pack is whole or not there, says the same in every format, and is made again to the byte."""

import ctypes
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.export import FORMATS, packing
from collector.export.changes import MEANINGS
from collector.export.columns import TABLES
from collector.export.pseudonyms import Names
from collector.export.safe import cell
from collector.export.telling import NEVER_REPORTED, NOT_JUDGED
from collector.model import Compliance, Status
from collector.store import devices, findings, groups, ownership, policies
from collector.store.findings import Moves
from tests.collector.export.conftest import Packing, files_of, table_of
from tests.collector.export.fleet import DAY, DISKS, FIREWALL, NOW

GOLDEN = Path(__file__).parent / "golden"
TABLE_FILES = [f"{table.name}.{kind}" for table in TABLES for kind in ("csv", "json")]


@pytest.mark.parametrize("name", ["README.txt", "policy.toml", *TABLE_FILES])
def test_the_files_are_as_they_were_agreed_on(name: str, packer: Packing) -> None:
    found = files_of(packer.pack())[name]
    assert found == (GOLDEN / name).read_bytes(), f"if meant, write {GOLDEN / name} anew"


def test_the_same_moment_gives_the_same_bytes_whatever_came_after(packer: Packing) -> None:
    first = packer.pack()
    before, store = first.read_bytes(), packer.desk.store
    later = NOW + DAY

    def happen(c: packing.Connection) -> None:
        devices.release(c, "id-part", later)
        devices.retire(c, "id-good", later)
        devices.touch(c, "id-bad", 2, later)
        ownership.set_owners(c, {"id-bad": "alice@example.org"}, later, "bob")
        groups.add(c, groups.Group("lab", "", "", later))
        groups.add_members(c, "lab", ["id-bad"], later)
        findings.move(c, "id-bad", Moves(closed=[(FIREWALL, later)]))
        policies.add(c, "stale_after_days = 30\n", later, "bob")

    store.write(happen)
    first.unlink()
    assert packer.pack().read_bytes() == before


def test_every_format_says_the_same(packer: Packing, tmp_path: Path) -> None:
    files = files_of(packer.pack())
    (tmp_path / "posture.sqlite").write_bytes(files["posture.sqlite"])
    base = sqlite3.connect(tmp_path / "posture.sqlite")
    base.row_factory = sqlite3.Row
    for table in TABLES:
        rows = json.loads(files[f"{table.name}.json"])["rows"]
        stored = [dict(row) for row in base.execute(f"SELECT * FROM {table.name}")]
        lines = table_of(packer.out / next(packer.out.iterdir()).name, table.name)
        assert len(rows) == len(stored) == len(lines)
        for row, kept, line in zip(rows, stored, lines, strict=True):
            assert line == {
                "as_of": "2026-11-22T12:00:00Z",
                **{key: cell(value) for key, value in row.items()},
            }
            assert {key: value for key, value in row.items() if value is not None} == {
                key: value for key, value in kept.items() if value is not None
            }
    (link,) = base.execute("PRAGMA foreign_key_list(findings)").fetchall()
    assert (link["table"], link["from"], link["to"]) == ("devices", "device_id", "device_id")
    assert base.execute("PRAGMA foreign_key_check").fetchall() == []
    base.close()


def test_every_device_in_service_is_there_with_every_rule_that_is_asked(packer: Packing) -> None:
    rows = table_of(packer.pack(), "findings")
    serving = ("id-good", "id-bad", "id-evil", "id-new", "id-part")
    assert {(row["device_id"], row["rule_id"]) for row in rows} == {
        (device, rule) for device in serving for rule in (DISKS, FIREWALL)
    }
    assert len(rows) == len(serving) * 2


def test_what_was_not_judged_is_unknown_and_says_why(packer: Packing) -> None:
    rows = {(r["device_id"], r["rule_id"]): r for r in table_of(packer.pack(), "findings")}
    assert {rows["id-new", rule]["because"] for rule in (DISKS, FIREWALL)} == {NEVER_REPORTED}
    assert rows["id-part", DISKS]["because"] == NOT_JUDGED
    assert rows["id-part", DISKS]["status"] == "unknown"
    devices_told = table_of(next(packer.out.iterdir()), "devices")
    (part,) = (row for row in devices_told if row["device_id"] == "id-part")
    assert part["compliance"] != "compliant"


def test_changes_tell_what_is_new_and_who_left(packer: Packing) -> None:
    changes = {
        (row["change"], row["device_id"], row["rule_id"])
        for row in table_of(packer.pack(), "changes")
    }
    assert changes == {
        ("newly_failing", "id-bad", DISKS),
        ("newly_failing", "id-bad", FIREWALL),
        ("retired", "id-gone", ""),
    }


def test_the_first_pack_has_no_changes(packer: Packing) -> None:
    assert table_of(packer.pack(since=None), "changes") == []


def test_a_group_has_a_pack_of_its_own(packer: Packing) -> None:
    def join(c: packing.Connection) -> None:
        groups.add(c, groups.Group("lab", "", "", NOW - DAY))
        groups.add_members(c, "lab", ["id-bad"], NOW - DAY)

    packer.desk.store.write(join)
    pack = packer.pack(scope="group:lab")
    assert pack.name == "posture-2026-W47-20261122T120000Z-group-lab.zip"
    assert {row["device_id"] for row in table_of(pack, "devices")} == {"id-bad"}
    assert {row["device_id"] for row in table_of(pack, "changes")} == {"id-bad"}


def test_pseudonyms_are_stable_and_hide_every_name(packer: Packing) -> None:
    store = packer.desk.store
    store.write(lambda c: ownership.set_owners(c, {"id-bad": "Carol@example.org"}, NOW, "dave"))
    pack = packer.pack(names=Names(b"k" * 32))
    every = b"".join(files_of(pack).values())
    for name in (b"carol", b"Carol", b"dave", b"alice", b"bob", b"alpha", b"beta"):
        assert name not in every
    (owner,) = {row["owner"] for row in table_of(pack, "devices")} - {""}
    assert owner == Names(b"k" * 32).person("carol@EXAMPLE.org")
    assert owner != Names(b"j" * 32).person("carol@example.org")


def test_the_readme_explains_every_column_state_and_change(packer: Packing) -> None:
    text = files_of(packer.pack())["README.txt"].decode()
    assert all(len(line) <= 80 and line.isprintable() for line in text.splitlines())
    explained = set(re.findall(r"^  (\w+) +\S", text, re.MULTILINE))
    columns = {"as_of", *(name for table in TABLES for name in table.columns)}
    assert explained == {*columns, *Compliance, *Status, *MEANINGS}


class Failing:
    """A writer whose disk fills up."""

    def __init__(self, folder: Path, heading: object) -> None:
        (folder / "half").write_text("half a file")

    def write(self, table: object, values: object, told: object) -> None:
        raise OSError(28, "No space left on device")

    def finish(self, totals: object) -> None:
        raise AssertionError

    def close(self) -> None:
        pass


def test_a_writer_that_fails_leaves_nothing_behind(
    packer: Packing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "json", Failing)
    with pytest.raises(packing.CannotExport, match="is full: free space there, or name another"):
        packer.pack()
    assert list(packer.out.iterdir()) == []


def test_who_stops_it_finds_nothing_left(packer: Packing) -> None:
    def stop(what: str, count: int) -> None:
        raise packing.Cancelled("it was stopped")

    with pytest.raises(packing.Cancelled):
        packing.pack(packer.desk, packer.order(), stop)
    assert list(packer.out.iterdir()) == []


def test_a_pack_that_is_there_is_never_replaced(packer: Packing) -> None:
    before = packer.pack()
    content = before.read_bytes()
    with pytest.raises(packing.CannotExport, match="is already there: move it away"):
        packer.pack()
    assert before.read_bytes() == content


def test_a_file_in_the_place_of_the_folder_is_one_line(packer: Packing) -> None:
    packer.out.write_text("a file")
    with pytest.raises(packing.CannotExport, match=r"cannot be written to .*: name another folder"):
        packer.pack()


def test_only_the_owner_and_the_group_may_look(packer: Packing) -> None:
    assert packer.pack().stat().st_mode & 0o777 == 0o640


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB, where this account may mount one."""
    libc = ctypes.CDLL(None, use_errno=True)
    place = tmp_path / "small"
    place.mkdir()
    if libc.mount(b"none", os.fsencode(place), b"tmpfs", 0, b"size=64k") != 0:
        pytest.skip("no right to mount a file system")
    yield place
    libc.umount2(os.fsencode(place), 2)


def test_a_full_disk_is_one_line_and_leaves_nothing_behind(
    packer: Packing, small_disk: Path
) -> None:
    packer.out = small_disk / "out"
    with pytest.raises(packing.CannotExport) as refused:
        packer.pack()
    assert str(refused.value).startswith(f"the disk that holds {small_disk}/out is full")
    assert list(packer.out.iterdir()) == []
