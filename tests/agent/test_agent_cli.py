import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent.checks import CHECKS
from agent.cli import commands, main
from agent.exchange.troubles import Refused, Unreachable
from agent.surroundings import Surroundings
from tests.agent.terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "state")


def test_every_command_explains_itself_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for command in commands():
        with pytest.raises(SystemExit) as ended:
            main([command.NAME, "--help"])
        assert ended.value.code == 0
        shown = capsys.readouterr().out
        assert f"example: {command.EXAMPLE}" in shown
        assert command.EXAMPLE.startswith(f"muster-agent {command.NAME}")


@pytest.mark.parametrize(
    "argv", [[], ["frob"], ["check", "--frob"], ["receipt", "-n", "x"], ["enroll", "muster1_abc"]]
)
def test_wrong_usage_is_one_line_and_status_2(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_check_shows_every_signal_and_touches_nothing(terminal: Terminal) -> None:
    assert terminal.type("check") == 0
    assert all(signal in terminal.out for signal in CHECKS)
    assert max(map(len, terminal.out.splitlines())) <= 80
    assert not terminal.folder.exists()
    assert terminal.collector.sent == []


def test_check_speaks_json_with_the_names_of_the_contract(terminal: Terminal) -> None:
    assert terminal.type("check", "--json", "--signal", "firewall") == 0
    (observation,) = json.loads(terminal.out)["observations"]
    assert observation["signal"] == "firewall"


def test_an_unknown_signal_lists_the_valid_ones(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert terminal.type("check", "--signal", "frob") == 2
    said = capsys.readouterr().err
    assert all(signal in said for signal in CHECKS)
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("make", ["missing", "file", "empty", "garbled"])
def test_an_unusable_recording_is_one_line_and_status_2(
    terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str], make: str
) -> None:
    folder = tmp_path / "recording"
    if make == "file":
        folder.write_text("x")
    if make in ("empty", "garbled"):
        folder.mkdir()
    if make == "garbled":
        (folder / "FILES.tsv").write_bytes(b"\xff\x00\tno table\n")
    assert terminal.type("check", "--recording", str(folder)) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_was_recorded_can_be_checked_again(terminal: Terminal, tmp_path: Path) -> None:
    folder = str(tmp_path / "recording")
    assert terminal.type("check") == 0
    live = terminal.out
    assert terminal.type("record", "--redact", folder) == 0
    assert terminal.type("check", "--recording", folder) == 0
    assert all(signal in terminal.out for signal in CHECKS)
    assert [line[:16] for line in live.splitlines() if line[:1] not in (" ", "")] == [
        line[:16] for line in terminal.out.splitlines() if line[:1] not in (" ", "")
    ]
    assert terminal.type("record", folder) == 2


@pytest.mark.parametrize("command", ["status", "report", "run"])
def test_without_enrollment_the_way_to_enroll_is_shown(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert terminal.type(command) == 1
    said = capsys.readouterr().err
    assert "not enrolled" in said
    assert "or name its state folder with --state" in said
    assert len(said.splitlines()) == 1


def test_report_shows_what_was_sent_and_what_was_answered(terminal: Terminal) -> None:
    terminal.enroll()
    terminal.answer()
    assert terminal.type("report") == 0
    assert "result      stored" in terminal.out
    assert "not compliant" in terminal.out
    assert terminal.said == []
    assert "A firewall is on" in terminal.out
    assert max(map(len, terminal.out.splitlines())) <= 80


def test_check_reports_when_it_is_told_to(terminal: Terminal) -> None:
    terminal.enroll()
    assert terminal.type("check", "--report") == 0
    assert [type(each).__name__ for each in terminal.collector.sent][-1] == "CheckInRequest"
    assert "last check-in" in terminal.out
    assert terminal.type("check", "--report", "--signal", "firewall") == 2


def test_an_unreachable_collector_is_one_line_and_status_1(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.enroll()
    terminal.collector.troubles = [Unreachable("the collector cannot be reached: no route")]
    assert terminal.type("report") == 1
    assert capsys.readouterr().err == ("muster-agent: the collector cannot be reached: no route\n")
    assert terminal.type("status") == 0
    assert "no answer yet" in terminal.out
    assert "1 report waits" in terminal.out


def test_status_tells_how_old_the_answer_is(terminal: Terminal) -> None:
    terminal.enroll()
    terminal.answer()
    assert terminal.type("run", "--once") == 0
    terminal.clock.advance(hours=5)
    assert terminal.type("status") == 0
    assert "5 hours ago" in terminal.out
    assert terminal.type("status", "--json") == 0
    told = json.loads(terminal.out)
    assert told["answer"]["compliance"] == "COMPLIANCE_NON_COMPLIANT"
    assert told["collector"]["device_id"] == "d-1"


def test_the_live_surroundings_are_the_default() -> None:
    around = Surroundings()
    assert replace(around, root=True).state_folder("/x") == Path("/x")


def test_a_look_at_the_device_does_not_pay_for_the_network() -> None:
    program = (
        "import sys, agent.cli; "
        "print([m for m in ('grpc', 'cryptography', 'ssl', 'psutil') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_the_service_ends_at_once_on_sigterm(terminal: Terminal) -> None:
    terminal.enroll()
    command = [sys.executable, "-m", "agent", "run", "--state", str(terminal.folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr is not None
        assert service.stderr.readline().startswith("waiting before the start seconds=")
        service.terminate()
        assert service.wait(10) == 0
        assert service.stderr.read() == "stopped\n"


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
@pytest.mark.parametrize("words", [["status"], ["receipt", "--raw"]])
def test_an_output_that_cannot_be_written_is_one_line_and_status_1(
    terminal: Terminal, words: list[str]
) -> None:
    command = [sys.executable, "-m", "agent", *words, "--state", str(terminal.folder)]
    terminal.enroll()
    terminal.type("report")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "muster-agent: cannot write the output: No space left on device\n"


def test_a_terminal_without_our_characters_still_shows_the_rest(terminal: Terminal) -> None:
    command = [sys.executable, "-m", "agent", "check", "--signal", "antivirus"]
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert done.returncode == 0
    assert done.stdout.startswith("antivirus")


def test_trouble_is_one_line_without_control_characters(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.enroll()
    terminal.collector.troubles = [Refused("the collector refuses:\x1b]0;x\x07\nno")]
    assert terminal.type("report") == 1
    assert capsys.readouterr().err == "muster-agent: the collector refuses: ]0;x no\n"


def test_a_moment_that_a_recording_does_not_hold_is_named_with_those_it_holds(
    terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "windows-made"
    folder.mkdir()
    for moment in ("1-before", "2-after"):
        (folder / f"manage-bde_status.{moment}.txt").write_text("Volume C: []\n")
    assert terminal.type("check", "--recording", str(folder), "--moment", "1-before") == 0
    assert terminal.type("check", "--recording", str(folder), "--moment", "3-later") == 2
    assert "its moments are: 1-before, 2-after" in capsys.readouterr().err
    assert terminal.type("check", "--moment", "1-before") == 2
    assert capsys.readouterr().err == "muster-agent: --moment needs --recording DIR\n"
