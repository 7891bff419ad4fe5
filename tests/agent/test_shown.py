"""What is shown without root: written by root alone, believed from root alone, and no more of it
than whoever uses the device may see."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agent import shown
from agent.state import State
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.signals_pb2 import Observation
from tests.agent.terminal import Terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are POSIX's")
OURS = os.geteuid() if sys.platform != "win32" else 0


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """The installed agent, after a check-in."""
    terminal = Terminal(tmp_path / "of-root", root=True)
    terminal.enroll()
    terminal.answer()
    assert terminal.type("run", "--once") == 0
    return terminal


def as_a_person(terminal: Terminal) -> Terminal:
    """The same device, seen by an account that may not read root's state."""
    own = Terminal(terminal.folder.parent / "own", clock=terminal.clock)
    own.environ = {"XDG_STATE_HOME": str(terminal.folder.parent / "home")}
    return own


def folder_of(terminal: Terminal) -> Path:
    return terminal.folder.parent / "shown"


def test_whoever_uses_the_device_sees_its_status_without_root(terminal: Terminal) -> None:
    assert terminal.type("status") == 0
    person = as_a_person(terminal)
    assert person.type("status") == 0
    assert person.out == terminal.out
    assert "A firewall is on" in person.out
    assert person.type("status", "--json") == 0
    told = json.loads(person.out)
    assert told["answer"]["compliance"] == "COMPLIANCE_NON_COMPLIANT"
    assert told["collector"]["device_id"] == "d-1"


def test_what_is_shown_is_roots_and_everybody_may_read_it(terminal: Terminal) -> None:
    folder = folder_of(terminal)
    assert folder.stat().st_mode & 0o777 == 0o755
    for file in folder.rglob("*"):
        expected = 0o755 if file.is_dir() else 0o644
        assert file.stat().st_mode & 0o777 == expected, file


def test_a_narrow_umask_of_the_service_does_not_hide_it(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        terminal = Terminal(tmp_path / "of-root", root=True)
        terminal.enroll()
        terminal.type("run", "--once")
    finally:
        os.umask(before)
    assert folder_of(terminal).stat().st_mode & 0o777 == 0o755
    assert (folder_of(terminal) / "status").stat().st_mode & 0o777 == 0o644


def test_no_secret_and_no_command_is_shown(terminal: Terminal) -> None:
    terminal.collector.response.commands.add(id="c-1", action=wire.ACTION_CHECK_NOW)
    terminal.collector.response.answer_version += 1
    terminal.clock.advance(hours=1)
    terminal.type("run", "--once")
    everything = b"".join(f.read_bytes() for f in folder_of(terminal).rglob("*") if f.is_file())
    assert b"PRIVATE KEY" not in everything
    assert b"c-1" not in (folder_of(terminal) / "status").read_bytes()
    assert not [f for f in folder_of(terminal).rglob("*") if b'"enroll"' in f.name.encode()]


def test_an_attempt_that_fails_is_shown_as_well(terminal: Terminal) -> None:
    from agent.exchange.troubles import Unreachable

    terminal.collector.troubles = [Unreachable("the collector cannot be reached: no route")]
    terminal.type("run", "--once")
    person = as_a_person(terminal)
    assert person.type("status") == 0
    assert "since then      the collector cannot be reached: no route" in person.out


def test_an_agent_of_a_person_shows_nothing_to_others(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "state")
    terminal.enroll()
    terminal.type("run", "--once")
    assert not folder_of(terminal).exists()


def plant_link(folder: Path, target: Path) -> None:
    folder.symlink_to(target)


def plant_open(folder: Path, target: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


@pytest.mark.parametrize("plant", [plant_link, plant_open])
def test_root_writes_nothing_through_a_folder_that_others_put_there(
    tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    target = tmp_path / "precious"
    target.mkdir()
    (target / "status").write_text("mine")
    plant(tmp_path / "shown", target)
    terminal = Terminal(tmp_path / "of-root", root=True)
    terminal.enroll()
    assert terminal.type("run", "--once") == 0
    assert (target / "status").read_text() == "mine"
    assert list(target.iterdir()) == [target / "status"]
    assert "the status for whoever uses the device was not written" in terminal.said


@pytest.mark.parametrize("name", ["status", ".status.PID", "receipts"])
def test_root_follows_no_link_inside_the_folder(terminal: Terminal, name: str) -> None:
    precious = terminal.folder.parent / "precious"
    precious.write_text("mine")
    place = folder_of(terminal) / name.replace("PID", str(os.getpid()))
    if place.is_dir():
        for each in place.iterdir():
            each.unlink()
        place.rmdir()
    place.unlink(missing_ok=True)
    place.symlink_to(precious)
    terminal.clock.advance(hours=1)
    assert terminal.type("run", "--once") == 0
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("how", ["link", "pipe", "written by all", "of somebody else", "damaged"])
def test_a_status_that_is_not_roots_is_not_believed(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    status = folder_of(terminal) / "status"
    person = as_a_person(terminal)
    if how == "link":
        status.rename(status.with_name("other"))
        status.symlink_to(status.with_name("other"))
    elif how == "pipe":
        status.unlink()
        os.mkfifo(status, 0o644)
    elif how == "written by all":
        status.chmod(0o666)
    elif how == "damaged":
        status.write_bytes(b'{"collector": 7}\n')
    if how == "of somebody else":
        with pytest.raises(shown.NotBelieved):
            shown.read(folder_of(terminal), OURS + 1)
        return
    assert person.type("status") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert person.out == ""


def test_hostile_texts_of_a_collector_cannot_steer_the_terminal(terminal: Terminal) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066A\r\nto fix  nothing\x08\x00"
    answer = terminal.collector.response.answer
    (finding,) = answer.findings
    finding.status = wire.FINDING_STATUS_FAIL
    for field in ("title", "because", "remediation", "rule_id"):
        setattr(finding, field, evil)
    finding.words.add(language="fr", title=evil, because=evil, remediation=evil)
    terminal.collector.response.answer_version += 1
    terminal.clock.advance(hours=1)
    terminal.type("run", "--once")
    person = as_a_person(terminal)
    for argv in (["status"], ["status", "--json"], ["status", "--language", "fr"]):
        assert person.type(*argv) == 0
        assert all(line.isprintable() for line in person.out.splitlines()), argv
        assert max(map(len, person.out.splitlines())) <= 80 or "--json" in argv
        assert not [line for line in person.out.splitlines() if line.startswith("to fix  noth")]


def observed(*users: str) -> wire.Posture:
    seen = Observation(signal="screen_lock")
    for user in users:
        seen.screen_lock.users.add(user=user)
    return wire.Posture(observations=[seen])


def test_people_are_counted_by_whose_settings_a_report_holds() -> None:
    assert shown.people(observed("alice", "everybody")) == {"alice"}
    assert shown.people(observed("alice", "bob")) == {"alice", "bob"}


def test_what_was_sent_is_shown_while_it_speaks_of_one_person(terminal: Terminal) -> None:
    terminal.type("receipt", "--raw")
    sent = terminal.raw.getvalue()
    person = as_a_person(terminal)
    assert person.type("receipt", "--raw") == 0
    assert person.raw.getvalue() == sent
    assert person.type("receipt", "--hex") == 0
    assert bytes.fromhex("".join(line[10:57] for line in person.out.splitlines())) == sent
    assert max(map(len, person.out.splitlines())) <= 80


def test_what_was_sent_about_several_people_stays_with_root(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shown, "people", lambda posture: {"alice", "bob"})
    state = State.open(terminal.folder)
    shown.publish(state, folder_of(terminal))
    assert list((folder_of(terminal) / "receipts").iterdir()) == []
    person = as_a_person(terminal)
    assert person.type("receipt") == 1
    assert "which only root may read: sudo muster-agent receipt" in capsys.readouterr().err


@pytest.mark.skipif(OURS != 0, reason="only root can become somebody else")
def test_a_real_account_without_rights_reads_it_and_nothing_more(terminal: Terminal) -> None:
    """A process that has given up root: it reads what is shown, and neither writes nor looks in."""
    place = Path(tempfile.mkdtemp(prefix="muster-shown-"))
    place.chmod(0o755)
    try:
        shown.publish(State.open(terminal.folder), place / "shown")
        state = shutil.copytree(terminal.folder, place / "of-root")
        state.chmod(0o700)
        told, troubles = _as_nobody(place)
    finally:
        shutil.rmtree(place)
    assert told == "d-1"
    assert troubles == ["PermissionError"] * 4


def _as_nobody(place: Path) -> tuple[str, list[str]]:
    """In a process of its own: what the shown status says, and what each trespass came to."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        standing = shown.read(place / "shown")
        troubles = [_trouble(each) for each in _trespasses(place)]
        said = json.dumps([standing.config.device_id if standing else "", troubles])
        os.write(write_end, said.encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        told, troubles = json.loads(answer.read())
    os.waitpid(child, 0)
    return told, troubles


def _trespasses(place: Path) -> list[Callable[[], object]]:
    status = place / "shown" / "status"
    return [
        lambda: status.write_bytes(b"mine"),
        status.unlink,
        lambda: status.with_name(".status.1").symlink_to("/etc/shadow"),
        (place / "of-root" / "key.pem").read_bytes,
    ]


def _trouble(trespass: Callable[[], object]) -> str:
    try:
        trespass()
    except OSError as error:
        return type(error).__name__
    return "none"
