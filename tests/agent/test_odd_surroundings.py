"""Odd names, another language, no home: every answer stays right, whole and one of ours."""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.checks import CHECKS, observe_all
from agent.checks.disk_encryption.homes import parse_lsattr
from agent.config import state_folder
from agent.device import inventory
from agent.machine import Machine
from agent.recordings.recorder import Recorder
from agent.recordings.replay import Recording
from agent.state import StateError
from tests.agent.checks.screen_lock.desk import (
    IDLE,
    PASSWD,
    Login,
    alice,
    gnome_schemas,
    live,
    programs,
    seen,
)
from tests.agent.checks.screen_lock.gvdb_writer import database
from tests.agent.terminal import Terminal
from tests.fakes import FakeHost

HERE = Path(__file__).resolve().parents[2]
ODD_NAMES = (
    "--help",
    "-r",
    "two words",
    "quo'te\"d",
    "ünïcødé",
    "名前",
    "İstanbul",
    "semi;colon$(id)`id`",
    "../../etc/shadow",
    "a]b[c",
    "x" * 300,
    "esc\x1b]0;title\x07",
)
ENVIRONMENTS: tuple[dict[str, str], ...] = (
    {},
    {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr"},
    {"LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.ISO-8859-1"},
    {"LC_ALL": "ja_JP.SJIS", "PYTHONIOENCODING": "ascii"},
    {"TZ": "Pacific/Kiritimati"},
    {"TZ": ":/nowhere", "HOME": "relative"},
    {"HOME": "/nonexistent", "PATH": "", "COLUMNS": "1", "TERM": "dumb"},
)


def person(name: str) -> FakeHost:
    """Somebody of this name is logged in with GNOME, and locks after a minute."""
    home = "/home/odd"
    host = live("gnome-shell", logins=(Login(user=name, uid=1001),))
    passwd = PASSWD + f"{name}:x:1001:1001::{home}:/bin/bash\n"
    running = (*host.running[:2], *programs("gnome-shell", user=name))
    files = {"/etc/passwd": passwd, f"{home}/.config/dconf/user": database({IDLE: 60})}
    environments: Mapping[int, Mapping[str, str]] = {1000: {}}
    return FakeHost(
        host.commands, {**files, **gnome_schemas()}, running=running, environments=environments
    )


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_person_of_any_name_is_seen_as_anybody_else(name: str) -> None:
    looked = seen(person(name))
    (user,) = looked.screen_lock.users
    assert (user.user, user.locks, user.idle_seconds) == (name, True, 60)
    for line in looked.evidence:
        assert line.said.isprintable()
        assert line.source.isprintable()


@pytest.mark.parametrize("name", ["--help", "-s"])
def test_a_name_that_looks_like_an_option_is_never_given_to_a_program(name: str) -> None:
    asked: list[tuple[str, ...]] = []

    class Watched(FakeHost):
        def run(self, *argv: str, **how: object):  # type: ignore[no-untyped-def]
            asked.append(argv)
            return super().run(*argv, **how)  # type: ignore[arg-type]

    host = person(name)
    files = {**host.files, "/etc/passwd": PASSWD}
    seen(Watched(host.commands, files, running=host.running, environments=host.environments))
    assert asked
    assert not [argv for argv in asked if name in argv]


def test_a_name_with_slashes_leads_to_no_other_file() -> None:
    read: list[str] = []

    class Watched(FakeHost):
        def read(self, path: str, limit: int = 1 << 20) -> bytes:
            read.append(path)
            return super().read(path, limit)

    host = person("../../etc/x")
    folder = "/usr/share/wayland-sessions"
    files = {**host.files, f"{folder}/gnome.desktop": "", f"{folder}/sway.desktop": ""}
    nobody = {"loginctl list-sessions --json=short": "[]"}
    seen(Watched(nobody, files, running=host.running))
    assert read
    assert not [path for path in read if ".." in path]


@pytest.mark.parametrize("name", [*ODD_NAMES, "new\nline", "tab\there"])
def test_a_host_of_any_name_has_an_inventory_that_can_be_sent_and_shown(
    name: str, tmp_path: Path
) -> None:
    host = FakeHost(files={"/proc/sys/kernel/hostname": name + "\n"})
    sent = inventory(host)
    assert sent.hostname == name
    assert type(sent).FromString(sent.SerializeToString()).hostname == name
    terminal = Terminal(tmp_path / "state")
    terminal.enroll()
    terminal.host = host
    assert terminal.type("report") == 0
    assert terminal.type("receipt") == 0
    assert all(line.isprintable() and len(line) <= 80 for line in terminal.out.splitlines())


def test_a_host_name_that_is_not_utf_8_is_replaced_and_not_refused() -> None:
    host = FakeHost(
        files={"/proc/sys/kernel/hostname": b"caf\xe9\n", "/etc/os-release": b"ID=\xff"}
    )
    assert inventory(host).hostname == "caf\N{REPLACEMENT CHARACTER}"


def test_a_file_name_that_is_not_utf_8_can_be_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    os.close(os.open(os.fsencode(folder) + b"/caf\xe9", os.O_CREAT | os.O_WRONLY))
    (folder / "link").symlink_to(os.fsdecode(b"caf\xe9"))
    host = Machine()
    assert host.list(str(folder)) == ("caf\N{REPLACEMENT CHARACTER}", "link")
    assert host.link(str(folder / "link")) == "caf\N{REPLACEMENT CHARACTER}"
    recorder = Recorder(host, tmp_path / "new")
    recorder.list(str(folder))
    recorder.finish()
    assert Recording(tmp_path / "new").list(str(folder)) == host.list(str(folder))


def test_what_people_call_their_documents_is_not_recorded(tmp_path: Path) -> None:
    files = {"/home/alice/letter to the bank.odt": "", "/home/alice/.xscreensaver": ""}
    recorder = Recorder(FakeHost(files=files), tmp_path / "new")
    assert len(recorder.list("/home/alice")) == 2
    recorder.finish()
    assert Recording(tmp_path / "new").list("/home/alice") == (".xscreensaver",)


def test_a_home_with_a_blank_is_looked_at_too() -> None:
    assert parse_lsattr("-----------------E-- /home/my home\n")
    assert not parse_lsattr("--------------e----- /home/my home\n")


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_no_name_at_all_breaks_the_answer_for_the_others(name: str) -> None:
    lines = "".join(char for char in name if char not in ":\n\r")
    passwd = PASSWD + f"{lines}:x:1002:1002::/home/{lines}:/bin/bash\n"
    host = live("gnome-shell", files={"/etc/passwd": passwd, **gnome_schemas()})
    assert alice(host).locks


def look(environ: Mapping[str, str], folder: Path) -> object:
    signals = ("disk_encryption", "firewall", "screen_lock")
    wanted = [word for signal in signals for word in ("--signal", signal)]
    done = subprocess.run(
        [sys.executable, "-m", "agent", "check", "--json", *wanted],
        env={"PYTHONPATH": str(HERE), **environ},
        cwd=folder,
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)["observations"]


@pytest.fixture(scope="module")
def usual() -> object:
    given = {"LANG": "en_US.UTF-8", "HOME": "/root", "PATH": os.environ["PATH"]}
    return look(given, HERE)


@pytest.mark.parametrize("environ", ENVIRONMENTS)
@pytest.mark.skipif(sys.platform != "linux", reason="looks at a Linux machine")
def test_the_surroundings_of_the_agent_change_nothing_that_it_sees(
    environ: dict[str, str], usual: object, tmp_path: Path
) -> None:
    """Compared with a look in the usual surroundings, byte by byte."""
    assert look(environ, tmp_path) == usual


@pytest.mark.parametrize("environ", ENVIRONMENTS)
@pytest.mark.parametrize("command", ["status", "receipt"])
def test_the_commands_work_in_any_surroundings(
    environ: dict[str, str], command: str, tmp_path: Path
) -> None:
    Terminal(tmp_path / "state").enroll()
    given = {"PYTHONPATH": str(HERE), "MUSTER_AGENT_STATE": str(tmp_path / "state"), **environ}
    done = subprocess.run(
        [sys.executable, "-m", "agent", command],
        env=given,
        cwd="/",
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1)
    assert done.stdout
    assert b"Traceback" not in done.stderr


def test_an_account_without_a_home_is_told_what_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(StateError, match="this account has no home directory; name a folder"):
        state_folder(None, {}, root=False)
    assert state_folder(None, {"XDG_STATE_HOME": "/x"}, root=False) == Path("/x/muster-agent")


def test_every_signal_is_there_for_a_host_of_odd_names() -> None:
    assert [one.signal for one in observe_all(person("--help"))] == list(CHECKS)
