"""Whoever forges, swaps or hides something in a pack, or looks for people in one, gets nowhere."""

import io
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from collector.audit.entry import COLLECTOR, Action, Entry, Outcome
from collector.audit.journal import Journal
from collector.export import archive, manifest, packing
from collector.export.pseudonyms import KEY_FILE, Names, open_pseudonyms
from collector.export.verifying import Checked, NotAPack, check
from collector.identity.key_files import KeyFileError
from collector.model import Status
from collector.store import devices, groups, ownership
from collector.store.forgetting import forget_device
from tests.collector.export.conftest import Packing, files_of, table_of
from tests.collector.export.fleet import DAY, DISKS, FIREWALL, NOW, enrol, judged
from tests.collector.export.test_verify_alone import SCRIPT, says
from tests.fakes import FixedClock

END = bytes(22)
"""So long is the end of a zip without a comment."""
HIDDEN = "the zip holds bytes that belong to none of its files"
NAMES = Names(b"k" * 32)


def checked(pack: Path, packer: Packing) -> Checked:
    return check(pack, packer.desk.signer.verifier)


def test_whichever_byte_is_changed_it_is_said_in_a_line_or_changes_nothing(
    packer: Packing,
) -> None:
    """Nothing escapes from the libraries below, and what is called valid holds the same files."""
    pack = packer.pack()
    whole, files, chance = pack.read_bytes(), files_of(pack), random.Random(7)
    changed, found = packer.out / "changed.zip", 0
    for _ in range(600):
        content = bytearray(whole)
        content[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        changed.write_bytes(content)
        try:
            problems = checked(changed, packer).problems
        except NotAPack:
            problems = ("no pack",)
        found += bool(problems)
        assert problems or files_of(changed) == files
    assert found > 500


def test_the_verifier_for_auditors_ends_in_a_line_whichever_byte_is_changed(
    packer: Packing,
) -> None:
    pack, changed = packer.pack(), packer.out / "changed.zip"
    fuzzing = (
        f"import random, sys; sys.path.insert(0, {str(SCRIPT.parent)!r})\n"
        "from pathlib import Path\n"
        "from verify_pack import main\n"
        f"whole, chance, at = Path({str(pack)!r}).read_bytes(), random.Random(11), 0\n"
        "for _ in range(300):\n"
        "    content = bytearray(whole)\n"
        "    content[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)\n"
        f"    Path({str(changed)!r}).write_bytes(content)\n"
        f"    at += main({str(changed)!r}, {str(packer.desk.folder / 'audit.pub')!r})\n"
        "assert at > 250, at\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", fuzzing], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stderr == ""
    assert all(line.startswith(("NOT VALID", "valid:")) for line in done.stdout.splitlines())


@pytest.mark.parametrize("where", ["before", "between", "behind"])
def test_a_second_pack_hidden_in_the_zip_is_found(where: str, packer: Packing) -> None:
    """Python reads a zip from its end; a program that reads from the front shows the other."""
    pack = packer.pack()
    whole, other = pack.read_bytes(), io.BytesIO()
    with zipfile.ZipFile(other, "w") as forged:
        forged.writestr("devices.csv", "as_of,device_id,compliance\n")
    hidden = packer.out / "hidden.zip"
    if where == "before":
        hidden.write_bytes(other.getvalue() + whole)
    elif where == "behind":
        with hidden.open("wb") as file:
            file.write(whole)
        with zipfile.ZipFile(hidden, "a") as appended:
            appended.comment = other.getvalue()[: -len(END)]
    else:
        hidden.write_bytes(_with_a_gap(packer, pack, other.getvalue()))
    assert files_of(hidden) == files_of(pack)
    assert checked(hidden, packer).problems == (HIDDEN,)
    code, said = says(packer, hidden)
    assert (code, HIDDEN in said) == (1, True)


def _with_a_gap(packer: Packing, pack: Path, gap: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, (name, content) in enumerate(files_of(pack).items()):
            archive.writestr(name, content)
            if place == 1:
                assert archive.fp is not None
                archive.fp.seek(archive.start_dir)
                archive.fp.write(gap)
                archive.start_dir = archive.fp.tell()
    return out.getvalue()


@pytest.mark.parametrize("way", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_way_to_compress_that_asks_for_memory_without_limit_is_refused(
    way: int, packer: Packing
) -> None:
    files = files_of(packer.pack())
    for name, problem in (
        (manifest.FILE, "manifest.json is compressed in a way that we do not use"),
        ("devices.csv", "'devices.csv': it is compressed in a way that we do not use"),
    ):
        packed = packer.out / "other.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for each, content in files.items():
                archive.writestr(each, content, compress_type=way if each == name else None)
        assert says(packer, packed)[0] == 1
        try:
            assert checked(packed, packer).problems == (problem,)
        except NotAPack as error:
            assert str(error) == problem  # noqa: PT017 - one of the two, by the file


def test_no_two_packs_of_one_moment_share_a_name(packer: Packing) -> None:
    """Names that groups may have (`collector.grouping`) and those of the settings."""
    scopes = ["all", *(f"group:{name}" for name in ("a.b", "a-b", "a_b", "A-b", "", "é", "ü"))]
    scopes += ["group:sales", "group:sales-pseudonyms", "group:" + "x" * 70, "group:" + "x" * 71]
    orders = [packer.order(scope=scope, names=names) for scope in scopes for names in (NAMES, None)]
    orders = [each if each.names else packer.order(scope=each.scope) for each in orders]
    names = [packing.file_name(each) for each in orders]
    assert len(set(names)) == len(names)
    assert all(name.isascii() and "/" not in name for name in names)


def test_a_disk_without_hard_links_gets_its_pack_and_keeps_what_is_there(
    packer: Packing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    pack = packer.pack()
    assert checked(pack, packer).problems == ()
    with pytest.raises(FileExistsError):
        packing._put(pack.with_name("another"), pack)


def test_under_pseudonyms_neither_order_nor_evidence_tells_a_name(packer: Packing) -> None:
    store = packer.desk.store

    def come(c: packing.Connection) -> None:
        for device_id, hostname in (("id-1", "zoe-laptop.example.org"), ("id-2", "adam-pc")):
            enrol(c, device_id, hostname)
        found = (Status.FAIL, "Plain: /home/zoe, /media/zoe.martin/USB, ZOE-LAPTOP, Martin's disk")
        judged(c, "id-1", {DISKS: found, FIREWALL: found})
        ownership.set_owners(c, {"id-1": "zoe.martin@example.org"}, NOW - DAY, "bob")
        for device_id in ("id-gone-1", "id-gone-2"):
            enrol(c, device_id, "zzz" if device_id == "id-gone-1" else "aaa")
            devices.retire(c, device_id, NOW - DAY)

    store.write(come)
    pack = packer.pack(names=NAMES)
    every = b"".join(files_of(pack).values()).lower()
    assert [word for word in (b"zoe", b"martin", b"adam") if word in every] == []
    assert b"/home/(somebody)" in every
    for table in ("devices", "changes"):
        rows = table_of(pack, table)
        left = [row["device_id"] for row in rows if row.get("change", "retired") == "retired"]
        assert left == sorted(left)


def test_two_that_make_the_key_of_pseudonyms_at_once_use_the_same(tmp_path: Path) -> None:
    first = open_pseudonyms(tmp_path)
    assert first.key is not None
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    from collector.export.pseudonyms import _make

    _make(tmp_path / KEY_FILE)
    assert open_pseudonyms(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


@pytest.mark.parametrize("content", [b"", b"k" * 31])
def test_a_key_of_pseudonyms_that_could_be_guessed_is_refused(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(KeyFileError, match="does not hold a key: restore it"):
        open_pseudonyms(tmp_path)
    (tmp_path / KEY_FILE).write_bytes(b"k" * 32)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(KeyFileError, match="can be read by others"):
        open_pseudonyms(tmp_path)


def test_names_in_the_zip_are_ours_alone_whatever_a_group_is_called(packer: Packing) -> None:
    name = "../../etc/cron.d/x"
    packer.desk.store.write(lambda c: groups.add(c, groups.Group(name, "", "", NOW - DAY)))
    pack = packer.pack(scope=f"group:{name}")
    assert pack.parent == packer.out
    assert all("/" not in each and "\\" not in each for each in files_of(pack))
    assert archive.MODE >> 16 == 0o100640


def test_a_pack_made_again_says_how_many_were_erased_since(packer: Packing) -> None:
    clock = FixedClock(NOW - DAY)
    journal = Journal(packer.desk.audit, packer.desk.signer, clock)
    journal.append(Entry(Action.DEVICE_FORGOTTEN, COLLECTOR, subject="device:before"))
    before = files_of(packer.pack())
    assert json.loads(before[manifest.FILE])["erased_since"] == {"devices": 0, "people": 0}
    assert b"erased" not in before["README.txt"]
    clock.advance(seconds=2 * DAY.total_seconds())
    for subject, outcome in (("id-bad", Outcome.DONE), ("id-x", Outcome.DONE)):
        entry = Entry(Action.DEVICE_FORGOTTEN, COLLECTOR, outcome, f"device:{subject}")
        journal.append(entry)
    journal.append(Entry(Action.DEVICE_FORGOTTEN, COLLECTOR, Outcome.FAILED, "device:id-x"))
    journal.append(Entry(Action.PERSON_FORGOTTEN, COLLECTOR, subject="people"))
    packer.desk.store.write(lambda c: forget_device(c, "id-bad"))
    next(packer.out.iterdir()).unlink()
    after = files_of(packer.pack())
    assert json.loads(after[manifest.FILE])["erased_since"] == {"devices": 1, "people": 1}
    assert b"after 1 devices and 1 people had been erased" in after["README.txt"]
    assert b"Erased since this moment" in after["summary.html"]
    assert b"id-bad" not in b"".join(after.values())
