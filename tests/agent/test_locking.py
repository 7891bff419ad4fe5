import json

from agent.host import Output, ToolFailed
from agent.locking import LOOKS, lock
from protos.posture.v1 import posture_service_pb2 as wire
from tests.fakes import Answer, FakeHost

LISTED = json.dumps([{"session": "2", "uid": 1000, "user": "alice", "seat": "seat0"}])


def session(kind: str, *, locked: bool) -> dict[str, Answer]:
    hint = f"LockedHint={'yes' if locked else 'no'}\n"
    return {
        "loginctl list-sessions --json=short": LISTED,
        "loginctl show-session 2 --no-pager": f"Type={kind}\nClass=user\nState=active\n",
        "loginctl show-session 2 --property=LockedHint": hint,
        "loginctl lock-sessions": "",
    }


def test_done_is_said_when_every_session_says_that_it_is_locked() -> None:
    slept: list[float] = []
    done = lock(lambda: FakeHost(session("wayland", locked=True)), slept.append)
    assert done.outcome == wire.COMMAND_OUTCOME_DONE
    assert len(slept) == 1


def test_a_session_that_does_not_say_that_it_is_locked_is_named() -> None:
    slept: list[float] = []
    done = lock(lambda: FakeHost(session("x11", locked=False)), slept.append)
    assert done.outcome == wire.COMMAND_OUTCOME_FAILED
    assert "alice" in done.because
    assert len(slept) == LOOKS


def test_nobody_at_a_screen_is_not_possible() -> None:
    done = lock(lambda: FakeHost(session("tty", locked=False)), lambda _: None)
    assert done.outcome == wire.COMMAND_OUTCOME_NOT_POSSIBLE
    assert "nobody is logged in" in done.because


def test_a_tool_that_refuses_is_a_failure_with_its_words() -> None:
    commands = session("x11", locked=False)
    commands["loginctl lock-sessions"] = ToolFailed("loginctl lock-sessions ended with status 1")
    done = lock(lambda: FakeHost(commands), lambda _: None)
    assert (done.outcome, done.because) == (
        wire.COMMAND_OUTCOME_FAILED,
        "loginctl lock-sessions ended with status 1",
    )


def mac(said: str) -> FakeHost:
    status = Output("", f"2026-06-12 20:21:23 sysadminctl[1:2] {said}\n", 0)
    return FakeHost(
        {"stat -f%u /dev/console": "501\n", "pmset displaysleepnow": ""},
        os="macos",
        sessions={501: {"sysadminctl -screenLock status": status}},
    )


def test_a_mac_is_locked_when_the_password_is_asked_for_at_once() -> None:
    done = lock(lambda: mac("screenLock delay is immediate"), lambda _: None)
    assert done.outcome == wire.COMMAND_OUTCOME_DONE


def test_a_mac_that_asks_for_the_password_later_is_not_said_to_be_locked() -> None:
    done = lock(lambda: mac("screenLock delay is 300 seconds"), lambda _: None)
    assert done.outcome == wire.COMMAND_OUTCOME_FAILED
    assert "after 300 s" in done.because


def test_windows_goes_to_the_sign_in_screen_or_says_what_is_missing() -> None:
    able = FakeHost({"tsdiscon console": ""}, os="windows")
    assert lock(lambda: able, lambda _: None).outcome == wire.COMMAND_OUTCOME_DONE
    unable = lock(lambda: FakeHost(os="windows"), lambda _: None)
    assert unable.outcome == wire.COMMAND_OUTCOME_NOT_POSSIBLE
    assert "tsdiscon is not installed" in unable.because
