"""What `receipt` and `doctor` tell, and whose state they look at."""

import json
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from agent import config, identity
from agent.checks import CHECKS
from agent.exchange.troubles import Refused
from agent.state import State
from agent.support import CONTENTS
from tests.agent.terminal import Terminal
from tests.fakes import FakeHost


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "state")


def test_a_receipt_is_the_bytes_that_were_sent(terminal: Terminal) -> None:
    terminal.enroll()
    terminal.type("report")
    sent = terminal.collector.sent[0].SerializeToString()
    assert terminal.type("receipt", "--raw") == 0
    assert terminal.raw.getvalue() == sent
    assert terminal.type("receipt", "--json") == 0
    (receipt,) = json.loads(terminal.out)["receipts"]
    assert receipt["bytes"] == len(sent)
    observations = receipt["content"]["report"]["posture"]["observations"]
    assert [observation["signal"] for observation in observations] == list(CHECKS)
    assert terminal.type("receipt") == 0
    assert f"{len(sent)} bytes" in terminal.out
    assert max(map(len, terminal.out.splitlines())) <= 80


def test_receipts_of_nothing_say_so(terminal: Terminal) -> None:
    assert terminal.type("receipt") == 0
    assert "nothing was sent yet" in terminal.out
    assert terminal.type("receipt", "--raw") == 2


@pytest.mark.parametrize(
    ("command", "what"), [("receipt", "receipts are"), ("status", "state is"), ("report", "state")]
)
def test_what_the_installed_agent_did_is_not_denied_to_others(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], command: str, what: str
) -> None:
    terminal.environ = {"XDG_STATE_HOME": str(terminal.folder)}
    of_root = terminal.folder.parent / "of-root"
    of_root.mkdir()
    assert terminal.type(command) == 1
    said = capsys.readouterr().err
    assert f"This device's {what}" in said
    assert f"{of_root}, which only root may read: sudo muster-agent {command}\n" in said
    assert terminal.out == ""


def test_doctor_first_says_where_the_installed_agent_keeps_its_state(terminal: Terminal) -> None:
    terminal.environ = {"XDG_STATE_HOME": str(terminal.folder)}
    (terminal.folder.parent / "of-root").mkdir()
    assert terminal.type("doctor") == 1
    told = " ".join(terminal.out.split())
    assert told.startswith("problem state folder This device's state is in")
    assert "to do: sudo muster-agent doctor" in told
    assert "not enrolled" not in told


def test_a_person_with_a_state_of_their_own_sees_that_one(terminal: Terminal) -> None:
    (terminal.folder.parent / "of-root").mkdir()
    terminal.environ = {"XDG_STATE_HOME": str(terminal.folder.parent)}
    terminal.folder = terminal.folder.parent / "muster-agent"
    terminal.enroll()
    assert terminal.type("status") == 0


def test_an_unchanged_check_in_shows_the_report_in_force(terminal: Terminal) -> None:
    terminal.enroll()
    terminal.type("report")
    assert "the report in force" not in terminal.out
    terminal.clock.advance(hours=1)
    for _ in range(25):
        terminal.type("report")
    assert terminal.type("receipt") == 0
    assert "nothing has changed since the report" in terminal.out
    assert "the report in force, sent 2026-11-22 12:00:00 UTC" in terminal.out
    assert all(signal in terminal.out for signal in CHECKS)
    assert terminal.type("receipt", "-n", "100") == 0
    assert "the report in force" not in terminal.out


def test_doctor_names_problems_and_what_to_do(terminal: Terminal) -> None:
    assert terminal.type("doctor") == 1
    assert "problem  enrollment" in terminal.out
    terminal.enroll()
    terminal.type("run", "--once")
    assert terminal.type("doctor") == 1
    lines = terminal.out.splitlines()
    problems = [line.split()[1] for line in lines if line.startswith("problem")]
    assert problems[0] == "collector"
    assert set(problems[1:]) <= set(CHECKS)
    assert "firewall" in problems
    assert "the collector does not run there: tell IT" in " ".join(terminal.out.split())
    assert max(map(len, lines)) <= 80


def test_doctor_sees_a_certificate_that_does_not_fit(terminal: Terminal) -> None:
    terminal.enroll()
    State.open(terminal.folder).write("key.pem", identity.new_key())
    assert terminal.type("doctor", "--json") == 1
    items = {item["name"]: item for item in json.loads(terminal.out)["items"]}
    assert "not for this device's key" in items["certificate"]["said"]


def test_doctor_sees_a_folder_others_can_write_to(terminal: Terminal) -> None:
    terminal.enroll()
    terminal.folder.chmod(0o777)
    assert terminal.type("doctor") == 1
    assert "can be written by others" in " ".join(terminal.out.split())


def test_the_archive_for_it_holds_no_secret_and_no_name_of_a_person(
    terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000:Alice Canary,,,:/home/alice:/bin/sh\n"
    terminal.host = FakeHost(files={"/etc/passwd": people, "/etc/hostname": "alices-canary\n"})
    terminal.enroll()
    state = State.open(terminal.folder)
    settled = replace(config.load(state), proxy="http://bob:hunter2@proxy.example:3128")
    state.write("agent.toml", settled.to_toml())
    terminal.collector.troubles = [Refused("alice of alices-canary, a.canary@firm.example")]
    terminal.type("report")
    bundle = tmp_path / "for-it.zip"
    assert terminal.type("doctor", "--bundle", str(bundle)) == 1
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    with zipfile.ZipFile(bundle) as packed:
        parts = {name: packed.read(name).decode() for name in packed.namelist()}
    assert list(parts) == list(CONTENTS)
    whole = "\n".join(parts.values())
    for canary in ("hunter2", "bob:", "PRIVATE KEY", "BEGIN", "alice", "Alice Canary", "a.canary@"):
        assert canary not in whole
    key = (terminal.folder / "key.pem").read_text().splitlines()[1]
    assert key not in whole
    assert "(e-mail)" in parts["progress.json"]
    assert "the collector refuses" not in whole  # what was said is said, and nothing added
    assert json.loads(parts["enrollment.json"])["device_id"] == "d-1"
    assert json.loads(parts["requests.json"])[0]["kind"] == "check_in"
    assert "key.pem" in json.loads(parts["files.json"])
    said = capsys.readouterr().err
    assert all(name in said for name in CONTENTS)


def test_an_archive_never_takes_the_place_of_another_file(
    terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "there.zip"
    file.write_text("mine")
    assert terminal.type("doctor", "--bundle", str(file)) == 2
    assert "is there already" in capsys.readouterr().err
    assert file.read_text() == "mine"
    assert terminal.type("doctor", "--bundle", str(tmp_path / "no" / "such.zip")) == 2


def test_an_archive_of_an_agent_that_is_not_enrolled_says_so(
    terminal: Terminal, tmp_path: Path
) -> None:
    bundle = tmp_path / "for-it.zip"
    assert terminal.type("doctor", "--bundle", str(bundle)) == 1
    with zipfile.ZipFile(bundle) as packed:
        assert "not enrolled" in packed.read("enrollment.json").decode()
