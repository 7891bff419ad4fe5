"""Whose screen lock is said, from which source, and when nothing is said at all."""

from pathlib import Path

import pytest

from agent.checks.screen_lock.sessions import parse_list
from agent.host import CannotTell, Denied, Output, Process, ToolFailed, ToolMissing, Unparsable
from agent.recordings.recorder import Recorder
from agent.recordings.replay import Recording
from protos.posture.v1.signals_pb2 import UnknownReason
from tests.agent.checks.screen_lock.desk import (
    CONFIG,
    IDLE,
    INIT,
    PASSWD,
    PROFILE,
    USER_DB,
    Login,
    alice,
    away,
    commands,
    gnome_schemas,
    live,
    programs,
    seen,
    words,
)
from tests.agent.checks.screen_lock.gvdb_writer import database
from tests.fakes import FakeHost

OWN_KDE = f"{CONFIG}/kscreenlockerrc"


def reason(host: object) -> UnknownReason.ValueType:
    return seen(host).unknown.reason


def test_a_machine_without_a_desktop_is_beside_the_point() -> None:
    observation = seen(away())
    assert observation.not_applicable.because == "no graphical session, no desktop"


def test_a_login_over_ssh_makes_no_screen() -> None:
    ssh = Login(id="9", type="tty", service="sshd", seat="", tty="pts/0")
    host = away()
    host.commands = commands(ssh)
    assert seen(host).WhichOneof("outcome") == "not_applicable"


def test_a_container_has_no_screen() -> None:
    host = away(session_files=["gnome"])
    host.files = {**host.files, "/run/systemd/container": "lxc\n"}
    assert "container" in seen(host).not_applicable.because


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ToolMissing("no"), UnknownReason.UNKNOWN_REASON_TOOL_MISSING),
        (Denied("no"), UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED),
        ("nonsense", UnknownReason.UNKNOWN_REASON_UNPARSABLE),
        (Output("", "Failed to connect", 1), UnknownReason.UNKNOWN_REASON_TOOL_MISSING),
    ],
)
def test_sessions_that_cannot_be_read_are_unknown(
    answer: str | Output, expected: UnknownReason.ValueType
) -> None:
    host = away(gnome_schemas(), session_files=["gnome"])
    host.commands = {"loginctl list-sessions --json=short": answer}
    assert reason(host) == expected


def test_older_systemd_lists_without_json() -> None:
    host = live("kwin_wayland")
    shown = dict(host.commands)
    shown["loginctl list-sessions --json=short"] = Output("", "unknown option", 1)
    shown["loginctl list-sessions --no-legend"] = "     2 1000 alice seat0 tty2\n"
    host.commands = shown
    assert words(alice(host)) == "yes 300+5"


def test_without_loginctl_the_files_of_logind_are_asked() -> None:
    host = live("kwin_wayland")
    host.commands = {}
    content = "# private\nUID=1000\nUSER=alice\nSTATE=active\nTYPE=wayland\nCLASS=user\n"
    host.files = {**host.files, "/run/systemd/sessions/2": content}
    host.folders = ("/run/systemd/sessions/2.ref",)
    assert words(alice(host)) == "yes 300+5"


@pytest.mark.parametrize("kind", ["greeter", "manager", "lock-screen", "background"])
def test_a_session_of_another_class_is_nobodys(kind: str) -> None:
    host = live("kwin_wayland", logins=(Login(kind=kind),))
    assert not seen(host).screen_lock.users


def test_a_session_that_is_closing_is_over() -> None:
    host = live("kwin_wayland", logins=(Login(state="closing"),))
    assert not seen(host).screen_lock.users


def test_a_session_that_ended_since_it_was_listed_is_left_out() -> None:
    host = live("kwin_wayland", logins=(Login(), Login(id="3")))
    host.commands = {
        **host.commands,
        "loginctl show-session 3 --no-pager": ToolFailed("no session"),
    }
    assert words(alice(host)) == "yes 300+5"


def test_a_desktop_started_from_a_text_login_is_a_session() -> None:
    login = Login(id="1", type="tty", service="login", tty="tty1")
    user = alice(live("sway", "swayidle timeout 60 swaylock", logins=(login,)))
    assert (user.desktop, words(user), user.in_session) == ("sway", "yes 60+0", True)


def test_a_text_console_beside_a_desktop_does_not_count_twice() -> None:
    console = Login(id="1", type="tty", service="login", tty="tty1")
    host = live("kwin_wayland", logins=(console, Login()))
    assert [words(user) for user in seen(host).screen_lock.users] == ["yes 300+5"]


def test_everybody_with_a_session_is_listed_by_name() -> None:
    host = live("kwin_wayland", logins=(Login(), Login(id="7", user="bob", uid=1001)))
    host.files = {**host.files, "/etc/passwd": PASSWD + "bob:x:1001:1001::/home/bob:/bin/bash\n"}
    bobs = tuple(
        Process(one.pid + 50, one.name, "bob", one.executable, one.arguments)
        for one in programs("kwin_wayland")
    )
    host.running = (*host.running, *bobs)
    host.files = {**host.files, "/home/bob/.config/kscreenlockerrc": Denied("bob's")}
    observation = seen(host)
    assert [user.user for user in observation.screen_lock.users] == ["alice", "bob"]
    assert [words(user) for user in observation.screen_lock.users] == ["yes 300+5", "unknown"]
    (gap,) = observation.gaps
    assert gap.field == "users[bob].locks"
    assert gap.reason == UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED


def test_one_person_on_two_desktops_is_said_twice() -> None:
    two = (Login(), Login(id="4", tty="tty4"))
    host = live("kwin_wayland", "sway", logins=two)
    host.environments = {1000: {"XDG_SESSION_ID": "2"}, 1001: {"XDG_SESSION_ID": "4"}}
    said = [(user.desktop, words(user)) for user in seen(host).screen_lock.users]
    assert said == [("KDE", "yes 300+5"), ("sway", "no")]


def test_a_stranger_to_every_list_is_looked_up_by_getent() -> None:
    host = live("kwin_wayland", logins=(Login(user="zoe", uid=90000),))
    host.running = (INIT, Process(5, "kwin_wayland", "zoe", None, ()))
    assert not seen(host).screen_lock.users
    entry = "zoe:x:90000:90000::/net/zoe:/bin/bash\n"
    host.commands = {**host.commands, "getent passwd zoe": entry}
    assert [words(user) for user in seen(host).screen_lock.users] == ["yes 300+5"]


def test_an_environment_out_of_reach_could_name_other_settings() -> None:
    class Guarded(FakeHost):
        def environment(self, pid: int) -> dict[str, str]:
            raise Denied(f"/proc/{pid}/environ may not be read by this account")

    plain = live("kwin_wayland")
    host = Guarded(plain.commands, plain.files, running=plain.running)
    assert reason(host) == UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED


def test_programs_that_cannot_be_listed_leave_it_open() -> None:
    class Blind(FakeHost):
        def processes(self) -> tuple[Process, ...]:
            raise Denied("the list of processes may not be read by this account")

    plain = live("kwin_wayland")
    host = Blind(plain.commands, plain.files)
    assert reason(host) == UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED


def test_an_unknown_desktop_is_unknown() -> None:
    assert words(alice(live("something-new"))) == "unknown"
    assert words(alice(live("lxqt-session", "kwin_x11"))) == "no"
    assert words(alice(live("lxqt-session", "lxqt-powermanagement"))) == "unknown"
    assert words(alice(live("cosmic-comp"))) == "unknown"


def test_of_several_desktops_the_one_taken_last_counts() -> None:
    kept = {"/var/lib/AccountsService/users/alice": "[User]\nSession=plasma\n"}
    host = away({**gnome_schemas(), **kept}, session_files=["gnome", "plasma"])
    assert (alice(host).desktop, words(alice(host))) == ("KDE", "yes 300+5")


def test_of_several_desktops_those_with_settings_count() -> None:
    files = {**gnome_schemas(), OWN_KDE: "[Daemon]\nAutolock=false\n"}
    host = away(files, session_files=["gnome", "plasma"])
    assert [(u.desktop, words(u)) for u in seen(host).screen_lock.users] == [("KDE", "no")]
    both = away({**files, USER_DB: database({IDLE: 60})}, session_files=["gnome", "plasma"])
    said = [(u.desktop, words(u)) for u in seen(both).screen_lock.users]
    assert said == [("GNOME", "yes 60+0"), ("KDE", "no")]


def test_without_settings_which_desktop_counts_is_not_guessed() -> None:
    host = away(gnome_schemas(), session_files=["gnome", "plasma"])
    assert reason(host) == UnknownReason.UNKNOWN_REASON_NO_USER_SESSION


def test_a_home_out_of_reach_is_never_the_defaults() -> None:
    files = {**gnome_schemas(), USER_DB: Denied(USER_DB)}
    assert reason(away(files, session_files=["gnome"])) == (
        UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED
    )


def test_an_encrypted_home_that_is_closed_is_never_the_defaults() -> None:
    files = {**gnome_schemas(), "/home/.ecryptfs/alice/.ecryptfs/x": ""}
    assert reason(away(files, session_files=["gnome"])) == (
        UnknownReason.UNKNOWN_REASON_NO_USER_SESSION
    )


def test_a_desktop_and_no_people_is_unknown() -> None:
    host = away(gnome_schemas(), session_files=["gnome"])
    host.files = {**host.files, "/etc/passwd": "root:x:0:0::/root:/bin/bash\n"}
    assert reason(host) == UnknownReason.UNKNOWN_REASON_NO_USER_SESSION


def test_a_display_manager_without_session_files_is_a_desktop() -> None:
    host = away()
    host.links = {"/etc/systemd/system/display-manager.service": "/x/gdm.service"}
    assert seen(host).WhichOneof("outcome") == "unknown"


def recording(folder: Path, files: dict[str, str]) -> Recording:
    for name, content in files.items():
        file = folder / "fs" / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return Recording(folder)


def test_a_recording_of_one_file_tells_what_is_stored(tmp_path: Path) -> None:
    host = recording(tmp_path, {OWN_KDE: "[Daemon]\nTimeout=20\n"})
    user = alice(host)
    assert (words(user), user.in_session, user.desktop) == ("yes 1200+5", False, "KDE")


def test_a_recording_of_another_persons_file_tells_nothing(tmp_path: Path) -> None:
    files = {OWN_KDE: "[Daemon]\nTimeout=20\n", "/home/bob/notes": ""}
    observation = seen(recording(tmp_path, files))
    assert [words(user) for user in observation.screen_lock.users] == ["yes 1200+5", "unknown"]
    assert [gap.field for gap in observation.gaps] == ["users[bob].locks"]


def test_a_recording_without_any_setting_is_unknown(tmp_path: Path) -> None:
    assert reason(recording(tmp_path / "a", {"/home/alice/notes": ""})) == (
        UnknownReason.UNKNOWN_REASON_NO_USER_SESSION
    )
    assert reason(recording(tmp_path / "b", {"/etc/hostname": "x"})) == (
        UnknownReason.UNKNOWN_REASON_NOT_RECORDED
    )


def test_what_the_recorder_takes_down_gives_the_same_answer(tmp_path: Path) -> None:
    files: dict[str, bytes | str | CannotTell] = {
        **gnome_schemas(),
        **PROFILE,
        USER_DB: database({IDLE: 60}),
        "/etc/dconf/db/local": database({IDLE: 900}, locks=[IDLE]),
    }
    for host in (
        live("gnome-shell", files=files, environment={"XDG_CURRENT_DESKTOP": "GNOME"}),
        live("sway", "swayidle -w timeout 60 swaylock"),
        live("xfce4-session", "xfce4-screensaver"),
        live("kwin_wayland", files={OWN_KDE: "[Daemon]\nTimeout=20\n"}),
        away(files, session_files=["gnome"]),
    ):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        recorder = Recorder(host, folder)
        first = seen(recorder)
        recorder.finish()
        assert first.screen_lock.users[0].locks
        assert seen(Recording(folder)) == first


def test_equal_settings_give_equal_bytes() -> None:
    first, second = live("kwin_wayland", "swaybg"), live("swaybg", "kwin_wayland")
    assert seen(first).SerializeToString(deterministic=True) == seen(second).SerializeToString(
        deterministic=True
    )


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"session": "1"}]', "[" * 5000])
def test_a_listing_of_another_form_is_unparsable(content: str) -> None:
    with pytest.raises(Unparsable):
        parse_list(content)


SECRET = "root:$y$j9T$abcdefgh$ijklmnop:20000:0:99999:7:::\n"


@pytest.mark.parametrize(
    ("program", "arguments", "path"),
    [
        ("swayidle", ("-C", "/etc/shadow"), "/etc/shadow"),
        ("swayidle", (), f"{CONFIG}/swayidle/config"),
        ("hypridle", ("-c", "/etc/shadow"), "/etc/shadow"),
        ("xscreensaver", (), "/home/alice/.xscreensaver"),
    ],
)
@pytest.mark.parametrize("before", ["", "'", "timeout: ", "timeout "])
def test_the_agent_says_nothing_of_a_file_that_somebody_makes_it_read(
    program: str, arguments: tuple[str, ...], path: str, before: str
) -> None:
    """The agent is root, and a person's settings may be a link to what that person may not read."""
    host = live("sway", files={path: before + SECRET})
    process = Process(2000, program, "alice", f"/usr/bin/{program}", (program, *arguments))
    host.running = (*host.running, process)
    assert b"$y$" not in seen(host).SerializeToString()


def test_nothing_is_said_of_a_file_that_is_named_as_a_profile() -> None:
    host = live("gnome-shell", files={"/etc/shadow": SECRET})
    host.environments = {
        pid: {"HOME": "/home/alice", "DCONF_PROFILE": "/etc/shadow"} for pid in range(1, 3000)
    }
    assert b"$y$" not in seen(host).SerializeToString()
