"""What a Windows or macOS machine answered is taken down, redacted, and replayed as it was."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.host import CannotTell, Denied, FileMissing, NotRecorded, TimedOut, ToolMissing
from agent.recordings.recorder import Recorder
from agent.recordings.redaction import Redaction
from agent.recordings.replay import Recording, UnusableRecording
from tests.fakes import FakeHost

SID = "S-1-5-21-111-222-333-1001"
KEY = r"HKLM\SOFTWARE\Policies\X"
DESKTOP = rf"HKU\{SID}\Control Panel\Desktop"
MACHINE = FakeHost(
    os="windows",
    values={
        rf"{KEY}\Number": 300,
        rf"{KEY}\Words": "with\ttab",
        rf"{KEY}\Many": ("a", "b"),
        rf"{KEY}\Bytes": b"\x00\xff",
        rf"{DESKTOP}\SCRNSAVE.EXE": r"C:\Users\alice\saver.scr",
        r"HKLM\SECURITY\Policy": Denied("no"),
    },
    rows={
        "Win32_BIOS": [{"SerialNumber": "PF2ABCDE", "SMBIOSPresent": True}],
        "AntiVirusProduct": ToolMissing("no such namespace"),
        "Microsoft.Update.Searcher": TimedOut("slow"),
    },
    files={r"C:\Program Files\ESET\ekrn.exe": b"MZ"},
    modified={"/Library/X": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)},
    sessions={501: {"sysadminctl -screenLock status": "screenLock is off\n"}},
)


def recorded(folder: Path, redaction: Redaction | None = None) -> Recording:
    recorder = Recorder(MACHINE, folder / "made", redaction)
    for name in ("Number", "Words", "Many", "Bytes"):
        recorder.registry(KEY, name)
    recorder.registry(DESKTOP, "SCRNSAVE.EXE")
    recorder.subkeys("HKU")
    recorder.cim("Win32_BIOS")
    recorder.head(r"C:\Program Files\ESET\ekrn.exe", 2)
    recorder.modified_at("/Library/X")
    recorder.run_in_session(501, "sysadminctl", "-screenLock", "status")
    for question in (
        lambda: recorder.registry(KEY, "Nothing"),
        lambda: recorder.registry(r"HKLM\SECURITY", "Policy"),
        lambda: recorder.subkeys(r"HKLM\Nowhere"),
        lambda: recorder.cim("AntiVirusProduct"),
        lambda: recorder.cim("Microsoft.Update.Searcher"),
    ):
        with pytest.raises(CannotTell):
            question()
    recorder.finish()
    return Recording(folder / "made")


def test_registry_values_come_back_with_their_types(tmp_path: Path) -> None:
    host = recorded(tmp_path)
    assert host.os == "windows"
    assert host.registry(KEY.upper(), "number") == 300
    assert host.registry(KEY, "Words") == "with\ttab"
    assert host.registry(KEY, "Many") == ("a", "b")
    assert host.registry(KEY, "Bytes") == b"\x00\xff"
    assert host.subkeys("hku") == (SID,)


def test_what_was_missing_or_refused_is_so_again(tmp_path: Path) -> None:
    host = recorded(tmp_path)
    with pytest.raises(FileMissing):
        host.registry(KEY, "Nothing")
    with pytest.raises(Denied):
        host.registry(r"HKLM\SECURITY", "Policy")
    with pytest.raises(FileMissing):
        host.subkeys(r"HKLM\Nowhere")
    with pytest.raises(ToolMissing):
        host.cim("AntiVirusProduct")
    with pytest.raises(TimedOut):
        host.cim("Microsoft.Update.Searcher")


def test_what_was_not_asked_was_not_recorded(tmp_path: Path) -> None:
    host = recorded(tmp_path)
    with pytest.raises(NotRecorded):
        host.registry(KEY, "Unasked")
    with pytest.raises(NotRecorded):
        host.subkeys(KEY)
    with pytest.raises(NotRecorded):
        host.cim("Win32_Volume")


def test_files_times_and_sessions_come_back(tmp_path: Path) -> None:
    host = recorded(tmp_path)
    assert host.head(r"C:\Program Files\ESET\ekrn.exe", 2) == b"MZ"
    assert host.modified_at("/Library/X") == datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    answer = host.run_in_session(501, "sysadminctl", "-screenLock", "status")
    assert answer.text == "screenLock is off\n"
    with pytest.raises(NotRecorded):
        host.run_in_session(502, "sysadminctl", "-screenLock", "status")


def test_redacted_nothing_names_the_machine_or_a_person(tmp_path: Path) -> None:
    host = recorded(tmp_path, Redaction({"alice"}))
    written = b"".join(f.read_bytes() for f in sorted(host.folder.rglob("*")) if f.is_file())
    for secret in (b"alice", b"PF2ABCDE", b"111-222-333", b"\\xff"):
        assert secret not in written
    assert host.cim("Win32_BIOS")[0]["SMBIOSPresent"] is True
    (sid,) = host.subkeys("HKU")
    assert sid.startswith("S-1-5-21-")
    assert sid.endswith("-1001")
    assert host.registry(rf"HKU\{sid}\Control Panel\Desktop", "SCRNSAVE.EXE")


@pytest.mark.parametrize(
    "line", ["REG_DWORD\tHKLM\\X\tY\tsoon", "REG_LINK\tHKLM\\X\tY\t1", "keys\tHKLM\\X\t\t{"]
)
def test_a_damaged_table_of_the_registry_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "SYSTEM").write_text("windows\n")
    (tmp_path / "REGISTRY.tsv").write_text(line + "\n")
    with pytest.raises(UnusableRecording, match=r"REGISTRY\.tsv:1"):
        Recording(tmp_path)


@pytest.mark.parametrize("content", ["{", '{"trouble": "odd", "said": ""}', "[1]", '"rows"'])
def test_damaged_rows_are_no_rows(tmp_path: Path, content: str) -> None:
    (tmp_path / "SYSTEM").write_text("windows\n")
    (tmp_path / "cim").mkdir()
    (tmp_path / "cim" / "Win32_BIOS.json").write_text(content)
    with pytest.raises(UnusableRecording, match=r"Win32_BIOS\.json"):
        Recording(tmp_path).cim("Win32_BIOS")
