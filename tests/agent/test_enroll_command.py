"""What a person, a file or an MDM says to `muster-agent enroll`, and what it says first."""

from pathlib import Path

import pytest

from agent import config
from agent.exchange import enrollment
from agent.exchange.troubles import Refused
from agent.standing import of_state, to_bytes
from agent.state import State
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.signals_pb2 import Observation
from tests.agent.certificates import TestAuthority
from tests.agent.terminal import Terminal
from tests.fakes import enrollment_text


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "state")


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
