"""X11: a locker that runs and a time that was seen."""

import pytest

from agent.host import Process
from tests.agent.checks.screen_lock.desk import (
    USER_DB,
    Files,
    Login,
    alice,
    live,
    schema,
    seen,
    words,
)
from tests.agent.checks.screen_lock.gvdb_writer import database

LOGIN = Login(id="1", type="tty", service="login", tty="tty1")


def i3(*words_of: str, files: Files | None = None, desktop: str = "i3") -> str:
    host = live(desktop, files=files, logins=(LOGIN,))
    if words_of:
        locker = Process(2000, words_of[0][:15], "alice", f"/usr/bin/{words_of[0]}", words_of)
        host.running = (*host.running, locker)
    return words(alice(host))


def test_xss_lock_locks_after_a_time_that_only_the_display_knows() -> None:
    host = live("i3", "xss-lock --transfer-sleep-lock -- i3lock", logins=(LOGIN,))
    assert seen(host).WhichOneof("outcome") == "unknown"
    assert "i3lock" in seen(host).unknown.detail


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("-time", "10", "-locker", "i3lock -c 000"), "yes 600+0"),
        ((), "yes 600+0"),
        (("-time", "3", "-locker", "~/lock"), "unknown"),
        (("-time", "soon"), "unknown"),
        (("-time", "0"), "no"),
    ],
)
def test_xautolock_counts_in_minutes(arguments: tuple[str, ...], expected: str) -> None:
    assert i3("xautolock", *arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--timer", "60", "xset dpms force off", "", "--timer", "60", "i3lock", ""), "yes 120+0"),
        (("--not-when-audio", "--timer", "normal", "90", "i3lock", ""), "yes 90+0"),
        (("--timer", "60", "xset dpms force off", ""), "no"),
        (("--timer", "60", "~/lock", ""), "unknown"),
        (("--timer", "soon", "i3lock", ""), "unknown"),
    ],
)
def test_xidlehook_adds_its_timers_up(arguments: tuple[str, ...], expected: str) -> None:
    assert i3("xidlehook", *arguments) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "no"),
        ("timeout:\t0:05:00\nlock:\t\tTrue\nlockTimeout:\t0:01:00\n", "yes 300+60"),
        ("timeout: 0:05:00\nlock: False\n", "no"),
        ("timeout: 0:00:00\nlock: True\n", "no"),
        ("timeout: 0:05:00\nlock: True\nmode: off\n", "no"),
        ("timeout: five\nlock: True\n", "unknown"),
    ],
)
def test_xscreensaver_locks_as_its_file_says(content: str | None, expected: str) -> None:
    files = {"/home/alice/.xscreensaver": content} if content is not None else {}
    assert i3("xscreensaver", files=files, desktop="xfce4-session") == expected


def test_light_locker_waits_for_the_display_unless_it_is_off() -> None:
    schemas = schema("apps.light-locker", lock_after_screensaver="uint32 5")
    off = {**schemas, USER_DB: database({"/apps/light-locker/lock-after-screensaver": 0})}
    assert i3("light-locker", files=schemas, desktop="xfce4-session") == "unknown"
    assert i3("light-locker", files=off, desktop="xfce4-session") == "no"
    assert i3("light-locker", "--lock-after-screensaver=0", files=schemas) == "no"
    assert i3("light-locker", "--lock-after-screensaver=9", files=off) == "unknown"


def test_a_session_without_any_of_them_does_not_lock() -> None:
    assert i3() == "no"
