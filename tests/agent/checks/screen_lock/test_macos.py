"""screen_lock on macOS: both parts, in the session of the person at the screen."""

import plistlib
from collections.abc import Mapping

import pytest

from agent.checks.screen_lock import macos
from agent.checks.screen_lock.mac_idle import parse_custom
from agent.checks.screen_lock.sysadminctl import parse_status
from agent.host import CannotTell, Denied, NotRecorded, Output, Unparsable
from agent.observation import observe
from protos.posture.v1.signals_pb2 import Observation, UnknownReason, UserScreenLock
from tests.fakes import Answer, FakeHost

STATUS = "sysadminctl -screenLock status"
IDLE = "defaults -currentHost read com.apple.screensaver idleTime"
ABSENT = Output(
    "", "The domain/default pair of (com.apple.screensaver, idleTime) does not exist\n", 1
)
SAVER = "/Library/Managed Preferences/com.apple.screensaver.plist"
PASSCODE = "/Library/Managed Preferences/com.apple.mobiledevice.passwordpolicy.plist"
CUSTOM = """Battery Power:
 Sleep On Power Button 1
 sleep                1
 displaysleep         {battery}
AC Power:
 Sleep On Power Button 1
 sleep                0 (sleep prevented by powerd)
 displaysleep         {ac} (display sleep prevented by Amphetamine)
"""


def stderr(words: str) -> Output:
    return Output("", f"2026-06-12 20:21:23.188 sysadminctl[47579:299483] {words}\n", 0)


def mac(
    status: Answer,
    idle: Answer,
    display: tuple[int, int] | None = None,
    files: Mapping[str, bytes | str | CannotTell] | None = None,
    owner: str = "501",
) -> FakeHost:
    commands: dict[str, Answer] = {
        "stat -f%u /dev/console": owner + "\n",
        "id -P 501": "alice:********:501:20::0:0:Alice:/Users/alice:/bin/zsh\n",
    }
    if display is not None:
        commands["pmset -g custom"] = CUSTOM.format(battery=display[0], ac=display[1])
    session = {501: {STATUS: status, IDLE: idle}}
    return FakeHost(os="macos", commands=commands, sessions=session, files=files or {})


def look(host: FakeHost) -> Observation:
    return observe("screen_lock", macos.observe, host)


def only(seen: Observation) -> UserScreenLock:
    (user,) = seen.screen_lock.users
    return user


def gaps(seen: Observation) -> dict[str, UnknownReason.ValueType]:
    return {gap.field: gap.reason for gap in seen.gaps}


def test_idle_and_grace_together_lock_the_screen() -> None:
    user = only(look(mac(stderr("screenLock delay is immediate"), "300\n", (2, 10))))
    assert (user.user, user.desktop, user.in_session) == ("alice", "macos", True)
    assert (user.locks, user.idle_seconds, user.lock_delay_seconds) == (True, 300, 0)
    assert not user.enforced


def test_the_display_that_sleeps_before_the_saver_starts_counts() -> None:
    user = only(look(mac(stderr("screenLock delay is 5 seconds"), "1200\n", (2, 10))))
    assert (user.idle_seconds, user.lock_delay_seconds) == (600, 5)


def test_of_two_power_sources_the_slower_one_counts() -> None:
    assert (
        only(look(mac(stderr("screenLock delay is immediate"), ABSENT, (2, 30)))).idle_seconds
        == 1800
    )
    user = only(look(mac(stderr("screenLock delay is immediate"), "0\n", (2, 0))))
    assert user.locks is False


def test_a_screen_lock_that_is_off_is_open_whatever_the_idle_time() -> None:
    for words in ("screenLock is off", "screenLock delay is -1.000000 seconds"):
        user = only(look(mac(stderr(words), "300\n", (2, 2))))
        assert user.HasField("locks")
        assert not user.locks


def test_never_idle_and_a_lock_that_is_on_is_not_protected() -> None:
    user = only(look(mac(stderr("screenLock delay is immediate"), "0\n", (0, 0))))
    assert user.HasField("locks")
    assert not user.locks


def test_an_idle_time_that_was_never_set_is_not_never() -> None:
    seen = look(mac(stderr("screenLock delay is immediate"), ABSENT, (0, 0)))
    assert not only(seen).HasField("locks")
    assert gaps(seen) == {"users[alice].locks": UnknownReason.UNKNOWN_REASON_NO_DATA}


def test_one_part_alone_is_unknown() -> None:
    seen = look(mac(stderr("screenLock delay is immediate"), Denied("no")))
    assert only(seen).lock_delay_seconds == 0
    assert not only(seen).HasField("locks")
    seen = look(mac(Output("", "", 0), "300\n", (2, 2)))
    assert only(seen).idle_seconds == 120
    assert not only(seen).HasField("locks")
    assert gaps(seen) == {"users[alice].locks": UnknownReason.UNKNOWN_REASON_UNPARSABLE}


def test_the_answer_is_read_from_standard_error() -> None:
    assert (
        only(look(mac(stderr("screenLock delay is 300 seconds"), "60\n"))).lock_delay_seconds == 300
    )


def test_asked_outside_of_the_session_there_is_no_answer() -> None:
    host = mac(stderr("screenLock delay is immediate"), "300\n", (2, 2))
    host.sessions = {}
    assert not only(look(host)).HasField("locks")


def test_ask_for_password_delay_of_a_person_is_dead() -> None:
    mine = "/Users/alice/Library/Preferences/com.apple.screensaver.plist"
    files = {mine: plistlib.dumps({"askForPassword": 1, "askForPasswordDelay": 0})}
    seen = look(mac(Denied("no"), "300\n", (2, 2), files))
    assert not only(seen).HasField("locks")
    assert not only(seen).HasField("lock_delay_seconds")


@pytest.mark.parametrize("yes", [True, 1])
def test_a_profile_stands_for_the_grace_where_the_session_does_not_tell(yes: object) -> None:
    files = {SAVER: plistlib.dumps({"askForPassword": yes, "askForPasswordDelay": 5})}
    user = only(look(mac(Denied("no"), "300\n", None, files)))
    assert (user.locks, user.lock_delay_seconds) == (True, 5)


def test_a_profile_that_is_not_in_force_is_a_conflict() -> None:
    files = {SAVER: plistlib.dumps({"askForPassword": True, "askForPasswordDelay": 0})}
    seen = look(mac(stderr("screenLock is off"), "300\n", (2, 2), files))
    assert gaps(seen) == {"users[alice].locks": UnknownReason.UNKNOWN_REASON_CONFLICTING_SOURCES}


def test_both_parts_of_a_profile_are_enforced() -> None:
    settings = {"askForPassword": True, "askForPasswordDelay": 0, "idleTime": 600}
    files = {SAVER: plistlib.dumps(settings)}
    user = only(look(mac(stderr("screenLock delay is immediate"), "60\n", (20, 20), files)))
    assert (user.idle_seconds, user.enforced) == (600, True)


NOW = stderr("screenLock delay is immediate")


def test_a_display_that_sleeps_before_the_saver_of_a_profile_counts() -> None:
    files = {SAVER: plistlib.dumps({"idleTime": 1200})}
    user = only(look(mac(NOW, "60\n", (2, 5), files)))
    assert (user.idle_seconds, user.enforced, user.may_lock_sooner) == (300, False, False)


def test_a_saver_that_starts_before_the_most_that_a_policy_allows_counts() -> None:
    files = {PASSCODE: plistlib.dumps({"maxInactivity": 30, "maxGracePeriod": 5})}
    user = only(look(mac(NOW, "300\n", (0, 0), files)))
    assert (user.idle_seconds, user.lock_delay_seconds, user.enforced) == (300, 0, False)
    assert only(look(mac(NOW, "0\n", (0, 0), files))).idle_seconds == 1800


def test_a_saver_that_was_never_set_may_start_before_the_display_sleeps() -> None:
    user = only(look(mac(NOW, ABSENT, (30, 30))))
    assert (user.locks, user.idle_seconds, user.may_lock_sooner) == (True, 1800, True)
    assert not only(look(mac(NOW, "300\n", (30, 30)))).may_lock_sooner


def test_a_display_that_was_not_seen_may_sleep_before_the_saver_starts() -> None:
    user = only(look(mac(NOW, "1200\n")))
    assert (user.locks, user.idle_seconds, user.may_lock_sooner) == (True, 1200, True)


def test_a_longer_delay_of_a_profile_than_the_one_in_force_may_not_be_what_happens() -> None:
    files = {SAVER: plistlib.dumps({"askForPassword": True, "askForPasswordDelay": 300})}
    user = only(look(mac(NOW, "300\n", (2, 2), files)))
    assert (user.lock_delay_seconds, user.may_lock_sooner) == (300, True)


def test_a_profile_that_may_not_be_read_may_outrank_the_saver_of_the_person() -> None:
    seen = look(mac(NOW, "300\n", (0, 0), {SAVER: Denied("no")}))
    assert not only(seen).HasField("locks")
    assert only(look(mac(NOW, "300\n", (0, 0), {SAVER: NotRecorded("no")}))).idle_seconds == 300


def test_nobody_at_the_screen_is_unknown_without_a_profile() -> None:
    seen = look(mac(stderr("screenLock delay is immediate"), "60\n", (2, 2), owner="0"))
    assert seen.unknown.reason == UnknownReason.UNKNOWN_REASON_NO_USER_SESSION


def test_with_nobody_at_the_screen_a_profile_holds_for_every_person() -> None:
    files = {PASSCODE: plistlib.dumps({"maxGracePeriod": 1, "maxInactivity": 10})}
    host = mac("", "", files=files, owner="0")
    host.commands = {
        **host.commands,
        "dscl . -list /Users UniqueID": "_spotlight 89\nalice                501\nroot 0\n",
    }
    user = only(look(host))
    assert (user.user, user.locks, user.in_session) == ("alice", True, False)
    assert (user.idle_seconds, user.lock_delay_seconds) == (600, 60)
    assert user.enforced


def test_the_power_source_in_use_alone_leaves_the_other_in_doubt() -> None:
    host = mac(stderr("screenLock delay is immediate"), ABSENT)
    host.commands = {**host.commands, "pmset -g": "Currently in use:\n displaysleep         10\n"}
    seen = look(host)
    assert only(seen).idle_seconds == 600
    assert not only(seen).HasField("locks")
    assert "users[alice].idle_seconds" in gaps(seen)


def test_what_keeps_the_display_awake_now_changes_nothing() -> None:
    status = stderr("screenLock delay is immediate")
    quiet = mac(status, "300\n", (2, 10))
    quiet.commands = {
        name: answer.replace(" (display sleep prevented by Amphetamine)", "")
        for name, answer in quiet.commands.items()
        if isinstance(answer, str)
    }
    awake = look(mac(status, "300\n", (2, 10)))
    assert awake.SerializeToString() == look(quiet).SerializeToString()


def test_automatic_login_is_told_without_a_name() -> None:
    path = "/Library/Preferences/com.apple.loginwindow.plist"
    files = {path: plistlib.dumps({"autoLoginUser": "alice"})}
    seen = look(mac(stderr("screenLock delay is immediate"), "300\n", (2, 2), files))
    assert any("automatically" in each.said for each in seen.evidence)


def test_a_recording_without_its_person_still_tells_what_it_holds() -> None:
    host = mac(stderr("screenLock delay is 300 seconds"), NotRecorded("no"))
    host.commands = {"stat -f%u /dev/console": NotRecorded("no")}
    host.sessions = {-1: host.sessions[501]}
    user = only(look(host))
    assert (user.user, user.lock_delay_seconds) == ("somebody", 300)
    assert not user.HasField("in_session")


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("screenLock delay is immediate", 0),
        ("screenLock delay is 1 second", 1),
        ("screenLock delay is 300 seconds", 300),
        ("screenLock delay is 300.000000 seconds", 300),
        ("screenLock delay is -1.000000 seconds", None),
        ("screenLock delay is 2147483647 seconds", None),
        ("screenLock is off", None),
    ],
)
def test_every_documented_wording_of_sysadminctl(words: str, seconds: int | None) -> None:
    assert parse_status(words) == seconds


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Password is required!",
        "Unknown state for screenLock (0)",
        "screenLock delay is unknown",
        "screenLock is off\nscreenLock delay is immediate",
    ],
)
def test_other_words_of_sysadminctl_are_not_believed(words: str) -> None:
    with pytest.raises(Unparsable):
        parse_status(words)


def test_a_power_source_that_does_not_tell_is_not_left_out() -> None:
    with pytest.raises(Unparsable):
        parse_custom("Battery Power:\n sleep 1\nAC Power:\n displaysleep 5\n")
