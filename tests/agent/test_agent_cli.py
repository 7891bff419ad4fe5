import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent import config
from agent.checks import CHECKS
from agent.cli import commands, main
from agent.exchange import enrollment
from agent.exchange.troubles import Refused, Unreachable
from agent.standing import of_state, to_bytes
from agent.state import State
from agent.surroundings import Surroundings
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.signals_pb2 import Observation
from tests.agent.certificates import TestAuthority
from tests.agent.terminal import Terminal
from tests.fakes import enrollment_text


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


def string() -> str:
    message = wire.EnrollmentString(
        enroll_address="collector.example:7844",
        check_in_address="collector.example:7843",
        token="t",
        authority_sha256=b"\1" * 32,
        collector_name="Example",
    )
    return enrollment_text(message)


@pytest.mark.parametrize("words", ["", "hello", "muster1_abc", string()[:60]])
def test_a_wrong_enrollment_string_is_one_line_and_leaves_nothing(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    assert terminal.type("enroll", stdin=words) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not terminal.folder.exists()


@pytest.mark.parametrize("cut", [None, 60])
def test_the_string_is_found_among_the_lines_around_it(
    terminal: Terminal, believed: TestAuthority, tmp_path: Path, cut: int | None
) -> None:
    del believed
    terminal.collector.troubles = [Refused("the collector refuses: the token is used up")]
    wrapped = string() if cut is None else f"{string()[:cut]}\n{string()[cut:]}"
    file = tmp_path / "token.txt"
    file.write_text(f"Enrollment string, good for 1 device:\n\n{wrapped}\n\nIt ends in 7 days.\n")
    assert terminal.type("enroll", "--string-file", str(file)) == 2
    assert "to enroll     collector.example:7844" in terminal.out
    assert len(terminal.collector.sent) == 1


def test_of_two_different_strings_none_is_taken(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert terminal.type("enroll", stdin=f"{string()}\n{string()}\nmuster1_other\n") == 2
    said = capsys.readouterr().err
    assert "different enrollment strings" in said
    assert len(said.splitlines()) == 1
    assert not terminal.folder.exists()


def test_enrolling_twice_needs_to_be_meant(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.enroll()
    assert terminal.type("enroll", stdin=string()) == 1
    assert "already enrolled with Example" in capsys.readouterr().err


@pytest.fixture
def believed(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> TestAuthority:
    """An authority that the first look has found."""
    authority = TestAuthority(terminal.clock())
    monkeypatch.setattr(enrollment, "trusted_authority", lambda invitation, proxy: authority.pem)
    return authority


def test_enrolling_says_whom_it_trusts_and_what_it_sends(
    terminal: Terminal, believed: TestAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = terminal.collector.enroll

    def enroll(request: wire.EnrollRequest) -> wire.EnrollResponse:
        terminal.collector.certificate = believed.device(request.csr)
        return original(request)

    monkeypatch.setattr(terminal.collector, "enroll", enroll)
    assert terminal.type("enroll", stdin=string()) == 0
    assert "collector     Example" in terminal.out
    assert "SHA-256\n" in terminal.out
    assert terminal.out.count(" ".join(["0101"] * 8)) == 2
    told = " ".join(terminal.out.split())
    for field in (*Inventory.DESCRIPTOR.fields, *Observation.DESCRIPTOR.fields):
        assert field.name.replace("_", " ") in told
    assert "enrolled      with Example" in terminal.out
    assert max(map(len, terminal.out.splitlines())) <= 80
    assert terminal.type("status") == 0


@pytest.mark.parametrize(("answer", "sent"), [("y", 1), ("YES", 1), ("n", 0), ("", 0), ("x", 0)])
def test_a_person_at_a_terminal_is_asked_first(
    terminal: Terminal, believed: TestAuthority, tmp_path: Path, answer: str, sent: int
) -> None:
    del believed
    terminal.collector.troubles = [Refused("the collector refuses: the token is used up")]
    file = tmp_path / "string.txt"
    file.write_text(string())
    terminal.tty = True
    status = terminal.type("enroll", "--string-file", str(file), stdin=f"{answer}\n")
    assert "Enroll this device with it? [y/N]" in terminal.out
    assert len(terminal.collector.sent) == sent
    assert status == (2 if sent else 1)
    assert sent or not terminal.folder.exists()


def test_yes_answers_before_it_is_asked(terminal: Terminal, believed: TestAuthority) -> None:
    del believed
    terminal.collector.troubles = [Refused("the collector refuses: the token is used up")]
    terminal.tty = True
    assert terminal.type("enroll", "--yes", stdin=f"{string()}\n") == 2
    assert "Paste the enrollment string" in terminal.out
    assert "[y/N]" not in terminal.out
    assert len(terminal.collector.sent) == 1


def test_a_string_in_the_environment_does_not_stay_there(
    terminal: Terminal, believed: TestAuthority, capsys: pytest.CaptureFixture[str]
) -> None:
    del believed
    terminal.environ = {"MUSTER_AGENT_STATE": str(terminal.folder), "GIVEN": string()}
    terminal.collector.troubles = [Refused("the collector refuses: the token is used up")]
    assert terminal.type("enroll", "--string-variable", "GIVEN") == 2
    assert len(terminal.collector.sent) == 1
    assert "GIVEN" not in terminal.environ
    assert terminal.type("enroll", "--string-variable", "GIVEN") == 2
    assert "the environment has no GIVEN" in capsys.readouterr().err


@pytest.mark.parametrize(
    "link", ["muster://enroll#{}", "muster://enroll?string={}", "https://c.example:7845/enroll#{}"]
)
def test_a_link_is_as_good_as_the_string(
    terminal: Terminal, believed: TestAuthority, link: str
) -> None:
    del believed
    terminal.collector.troubles = [Refused("the collector refuses: the token is used up")]
    assert terminal.type("enroll", stdin=f"Open {link.format(string())} there\n") == 2
    assert len(terminal.collector.sent) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("socks5://alice:secret@p:1080", "begins with socks5://; only http:// works"),
        ("https://alice:secret@p:443", "begins with https://; only http:// works"),
        ("http://alice:secret@:3128", "names no host"),
        ("http://alice:secret@p:99999999", "cannot be read"),
    ],
)
def test_a_proxy_that_cannot_be_is_refused_without_its_password(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], url: str, said: str
) -> None:
    assert terminal.type("enroll", "--proxy", url, stdin=string()) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "secret" not in told
    assert not terminal.folder.exists()


def test_the_proxy_that_enrollment_was_told_is_kept_and_never_shown(
    terminal: Terminal, believed: TestAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = terminal.collector.enroll

    def enroll(request: wire.EnrollRequest) -> wire.EnrollResponse:
        terminal.collector.certificate = believed.device(request.csr)
        return original(request)

    monkeypatch.setattr(terminal.collector, "enroll", enroll)
    given = "http://alice:hunter2@proxy.example:3128"
    assert terminal.type("enroll", "--proxy", given, stdin=string()) == 0
    assert "hunter2" not in terminal.out
    state = State.open(terminal.folder)
    assert config.load(state).proxy == given
    assert "hunter2" not in repr(config.load(state))
    assert b"hunter2" not in to_bytes(of_state(state))
    for command in (["status"], ["status", "--json"], ["receipt", "--json"]):
        assert terminal.type(*command) == 0
        assert "hunter2" not in terminal.out


def test_a_used_up_token_is_bad_input(
    terminal: Terminal, believed: TestAuthority, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.collector.troubles = [Refused("the collector refuses: the token is used up")]
    assert terminal.type("enroll", stdin=string()) == 2
    assert "ask IT for a new enrollment string" in capsys.readouterr().err
    assert not (terminal.folder / "agent.toml").exists()


def test_the_string_is_read_from_a_file(
    terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "string.txt"
    file.write_bytes(b"\xff\xfe")
    assert terminal.type("enroll", "--string-file", str(file)) == 2
    assert "holds no text" in capsys.readouterr().err


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
