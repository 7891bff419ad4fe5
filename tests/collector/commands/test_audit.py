"""`muster-collector audit`, and that what the other commands do is in it."""

import json
import re
from dataclasses import replace
from pathlib import Path

from tests.collector.commands.conftest import Console
from tests.collector.desk import Desk


def actions(console: Console) -> list[tuple[str, str, str]]:
    records = json.loads(console.says("audit", "list", "--json"))["records"]
    return [
        (each["action"], each["outcome"], each["on"])
        for each in records
        if each["on"] != "command:audit list"
    ]


def test_every_change_at_the_command_line_is_in_the_log(desk: Desk, console: Console) -> None:
    until = ("--until", "2026-12-01", "--reason", "in repair")
    console.says("waiver", "request", "alpha", "disk_encrypted", *until)
    console.refuses("waiver", "approve", "1")
    replace(console, who="bob").says("waiver", "approve", "1")
    console.says("waiver", "end", "1")
    console.refuses("waiver", "end", "1")
    console.says("device", "retire", "alpha", "--yes")
    assert actions(console) == [
        ("waiver.requested", "done", "device:d1"),
        ("waiver.granted", "done", "device:d1"),
        ("waiver.ended", "done", "device:d1"),
        ("device.retired", "done", "device:d1"),
    ]
    assert desk.events().count("waiver ended") == 1


def test_the_log_says_who_it_was(desk: Desk, console: Console) -> None:
    console.says("device", "retire", "alpha", "--yes")
    said = console.says("audit", "list")
    assert "device.retired" in said
    assert "Nothing of that" in console.says("audit", "list", "--actor", "nobody there")


def test_a_change_that_cannot_be_written_down_is_not_made(desk: Desk, console: Console) -> None:
    (desk.store.path.parent / "audit").write_text("in the way")
    said = console.refuses("device", "retire", "alpha", "--yes", status=1)
    assert "cannot be written" in said
    assert "retired" not in desk.events()


def test_a_sound_log_is_verified_and_a_changed_one_is_not(desk: Desk, console: Console) -> None:
    console.says("device", "retire", "alpha", "--yes")
    said = console.says("audit", "verify")
    assert "nothing was changed, removed or added" in said
    proof = re.search(r"^  (\d+:[0-9a-f]{64})$", said, re.MULTILINE)
    assert proof
    assert "nothing was changed" in console.says("audit", "verify", "--checkpoint", proof[1])
    path = desk.store.path.parent / "audit" / "000001.log"
    path.write_bytes(path.read_bytes().replace(b"device:d1", b"device:d2"))
    assert "000001.log:2: its hash does not follow" in console.run("audit", "verify").stderr


def test_a_changed_record_opens_one_critical_incident(
    desk: Desk, console: Console, tmp_path: Path
) -> None:
    console.says("device", "retire", "alpha", "--yes")
    console.says("audit", "verify")
    assert console.reads("incident", "list")["incidents"] == []
    console.says("audit", "export", "--out", str(tmp_path / "copy"))
    for folder in (tmp_path / "copy", desk.store.path.parent / "audit"):
        path = folder / "000001.log"
        path.write_bytes(path.read_bytes().replace(b"device:d1", b"device:d2"))
    of_copy = ("--folder", str(tmp_path / "copy"), "--key", str(tmp_path / "copy" / "audit.pub"))
    assert console.run("audit", "verify", *of_copy).exit_code == 1
    assert console.reads("incident", "list")["incidents"] == []  # a copy is no collector's log
    for _ in range(2):
        assert console.run("audit", "verify").exit_code == 1
    (found,) = console.reads("incident", "list")["incidents"]
    assert (found["kind"], found["severity"], found["times"]) == ("audit_break", "critical", 2)
    assert found["detail"].startswith("000001.log:2: its hash does not follow")


def test_a_copy_is_verified_without_the_collector(
    desk: Desk, console: Console, nowhere: Console, tmp_path: Path
) -> None:
    console.says("device", "retire", "alpha", "--yes")
    copy = tmp_path / "copy"
    console.says("audit", "export", "--out", str(copy))
    words = ("audit", "verify", "--folder", str(copy), "--key", str(copy / "audit.pub"))
    assert "nothing was changed" in nowhere.says(*words)
    assert "is there already" in console.refuses("audit", "export", "--out", str(copy))


def test_a_log_that_takes_no_record_is_still_copied_as_evidence(
    desk: Desk, console: Console, tmp_path: Path
) -> None:
    console.says("device", "retire", "alpha", "--yes")
    path = desk.store.path.parent / "audit" / "000001.log"
    path.write_bytes(path.read_bytes().replace(b"device:d1", b"device:d2"))
    copied = console.run("audit", "export", "--out", str(tmp_path / "copy"))
    assert (copied.exit_code, "This copy is not written down" in copied.stderr) == (0, True)
    assert (tmp_path / "copy" / path.name).read_bytes() == path.read_bytes()


def test_a_checkpoint_that_is_none_is_refused(desk: Desk, console: Console) -> None:
    console.says("device", "retire", "alpha", "--yes")
    assert "RECORDS:HASH" in console.refuses("audit", "verify", "--checkpoint", "12:xyz")
