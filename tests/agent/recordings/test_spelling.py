"""A recording made by others answers what it answered to the same question, and nothing else."""

from pathlib import Path

import pytest

from agent.checks.firewall import linux as firewall
from agent.host import NotRecorded
from agent.observation import observe
from agent.recordings.replay import Recording, UnusableRecording
from tests.recordings.made.filters import native

DROP = native("filter", "drop")


def folder(place: Path, line: str, output: str = DROP, status: str = "rc=0") -> Path:
    (place / "cmd").mkdir(parents=True)
    (place / "cmd" / "nft.json").write_text(output)
    (place / "COMMANDS.tsv").write_text(f"nft.json\t{status}\t{line}\n")
    return place


@pytest.mark.parametrize(
    "line",
    [
        "/usr/sbin/nft -j list ruleset",
        "sudo nft --json list ruleset",
        "sudo -n /sbin/nft -j list ruleset",
        "LC_ALL=C nft -j list ruleset",
        "env LANG=C LC_ALL=C.UTF-8 nft -j list ruleset",
        "timeout 10 nft -j list ruleset",
        "nft -j -a list ruleset",
        "sh -c 'nft -j list ruleset'",
        "nft -j list ruleset 2>&1",
        "nft -j list ruleset\r",
    ],
)
def test_the_same_question_in_other_words_is_answered(tmp_path: Path, line: str) -> None:
    assert Recording(folder(tmp_path, line)).run("nft", "-j", "list", "ruleset").text == DROP


@pytest.mark.parametrize(
    "line",
    [
        "nft -j list ruleset | grep -v accept",
        "sh -c 'nft -j list ruleset | head'",
        "nft -j list ruleset 2>/dev/null",
        "nft -j list ruleset; true",
        "nft -j list ruleset inet",
        "nft -j list tables",
        "LANG=fr_FR.UTF-8 nft -j list ruleset",
        "sudo -u alice nft -j list ruleset",
        "ssh other nft -j list ruleset",
        "echo $(nft -j list ruleset)",
    ],
)
def test_another_question_is_not(tmp_path: Path, line: str) -> None:
    with pytest.raises(NotRecorded):
        Recording(folder(tmp_path, line)).run("nft", "-j", "list", "ruleset")


def test_complaints_among_the_answer_are_complaints(tmp_path: Path) -> None:
    printed = "warning: database file for 'extra' does not exist\n"
    host = Recording(folder(tmp_path, "pacman -Qu 2>&1", printed, "rc=1"))
    assert host.run("pacman", "-Qu", ok=(1,)).errors == printed


def test_line_ends_that_a_transfer_changed_are_those_of_unix(tmp_path: Path) -> None:
    place = folder(tmp_path, "nft -j list ruleset", DROP)
    for file in (place / "COMMANDS.tsv", place / "cmd" / "nft.json"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    mounts = place / "fs" / "proc" / "1" / "mountinfo"
    mounts.parent.mkdir(parents=True)
    mounts.write_bytes(b"22 1 8:1 / / rw - ext4 /dev/sda1 rw\r\n")
    host = Recording(place)
    assert host.run("nft", "-j", "list", "ruleset").text == DROP
    assert host.read("/proc/1/mountinfo").endswith(b" rw\n")


def test_a_plain_exit_status_and_a_path_below_cmd_are_understood(tmp_path: Path) -> None:
    place = folder(tmp_path, "nft -j list ruleset", status="0")
    table = place / "COMMANDS.tsv"
    table.write_text("cmd/" + table.read_text())
    assert Recording(place).run("nft", "-j", "list", "ruleset").text == DROP


def test_a_file_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    place = folder(tmp_path / "host", "nft -j list ruleset")
    (place / "COMMANDS.tsv").write_text("../../secret\trc=0\tnft -j list ruleset\n")
    with pytest.raises(NotRecorded):
        Recording(place).run("nft", "-j", "list", "ruleset")


@pytest.mark.parametrize("name", ["COMMANDS.tsv", "FILES.tsv"])
def test_a_table_of_another_form_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    place = folder(tmp_path, "nft -j list ruleset")
    (place / name).write_text("listed\tnft -j list ruleset")
    with pytest.raises(UnusableRecording, match=name) as raised:
        Recording(place)
    assert "\n" not in str(raised.value)


def test_what_was_asked_as_another_user_proves_nothing(tmp_path: Path) -> None:
    host = Recording(folder(tmp_path, "sudo -u alice nft -j list ruleset"))
    seen = observe("firewall", firewall.observe, host)
    assert seen.WhichOneof("outcome") == "unknown"
