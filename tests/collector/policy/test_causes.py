"""A verdict carries the word that what to do hangs on, and says nothing twice."""

from datetime import timedelta

import pytest

from collector.model import Status
from collector.policy import RULES
from collector.policy.causes import Cause
from collector.policy.rules.screen_locks_automatically import RULE as LOCK
from protos.posture.v1.signals_pb2 import (
    Antivirus,
    AntivirusProduct,
    DiskEncryption,
    Firewall,
    Observation,
    OsUpdates,
    PendingUpdate,
    ScreenLock,
    UnknownReason,
    UserScreenLock,
    Volume,
    VolumeRole,
)
from tests.collector.policy.postures import NOW, days_ago, inventory, observed, stamp, verdict_of

UPDATES = "os_security_updates_applied"


def unknown(signal: str, reason: UnknownReason.ValueType, detail: str) -> Observation:
    observation = Observation(signal=signal)
    observation.unknown.reason = reason
    observation.unknown.detail = detail
    return observation


@pytest.mark.parametrize("reason", [number for number in UnknownReason.values() if number])
def test_a_signal_that_was_not_seen_carries_the_devices_reason(
    reason: UnknownReason.ValueType,
) -> None:
    verdict = verdict_of(LOCK.id, unknown("screen_lock", reason, "of itself"))
    assert verdict.cause == f"{UnknownReason.Name(reason).removeprefix('UNKNOWN_REASON_').lower()}"


def test_a_rule_that_no_agent_answers_yet_says_so() -> None:
    for rule in RULES:
        assert verdict_of(rule.id).cause == Cause.NOT_REPORTED


def test_a_gap_that_takes_a_verdict_gives_its_cause() -> None:
    needed = verdict_of("firewall_blocks_inbound", observed(Firewall(), ["scopes"]))
    assert (needed.status, needed.cause) == (Status.UNKNOWN, Cause.PERMISSION_DENIED)
    hidden = verdict_of("antivirus_active", observed(Antivirus(), ["products[ClamAV]"]))
    assert (hidden.status, hidden.cause) == (Status.UNKNOWN, Cause.PERMISSION_DENIED)
    disks = DiskEncryption(volumes=[Volume(name="/", role=VolumeRole.VOLUME_ROLE_SYSTEM)])
    explained = verdict_of("disk_encrypted", observed(disks, ["volumes[/].protection"]))
    assert (explained.status, explained.cause) == (Status.UNKNOWN, Cause.PERMISSION_DENIED)
    bare = verdict_of("disk_encrypted", observed(disks))
    assert (bare.status, bare.cause) == (Status.UNKNOWN, "")


def updates(index_days: float, pending: int = 0) -> Observation:
    listed = [PendingUpdate(name="openssl", security=True)] * pending
    index_at = stamp(days_ago(index_days))
    seen = OsUpdates(pending=pending, pending_security=pending, updates=listed, index_at=index_at)
    return observed(seen)


@pytest.mark.parametrize(
    ("observation", "cause"),
    [
        (updates(index_days=60), Cause.LISTS_OLD),
        (updates(index_days=-3), Cause.CLOCK_AHEAD),
        (updates(index_days=1, pending=1), Cause.SINCE_UNKNOWN),
        (observed(OsUpdates(pending_security=0)), Cause.LISTS_OLD),
        (observed(OsUpdates(pending_security=0), ["index_at"]), Cause.PERMISSION_DENIED),
    ],
)
def test_what_keeps_updates_from_being_judged_is_named(
    observation: Observation, cause: str
) -> None:
    verdict = verdict_of(UPDATES, observation)
    assert (verdict.status, verdict.cause) == (Status.UNKNOWN, cause)


def test_the_rules_own_doubts_are_named() -> None:
    restart = verdict_of("os_restart_done", observed(OsUpdates(restart_required=True)))
    assert restart.cause == Cause.SINCE_UNKNOWN
    about = inventory(os_id="nobody", os_version="1")
    unlisted = verdict_of("os_supported", observed(OsUpdates()), about=about)
    assert unlisted.cause == Cause.RELEASE_UNLISTED
    ahead = AntivirusProduct(name="A", running=True, real_time=True)
    ahead.definitions_at.CopyFrom(stamp(NOW + timedelta(days=9)))
    future = verdict_of("antivirus_definitions_fresh", observed(Antivirus(products=[ahead])))
    assert (future.status, future.cause) == (Status.UNKNOWN, Cause.CLOCK_AHEAD)


@pytest.mark.parametrize(
    ("desktop", "cause"), [("KDE", "kde"), ("Hyprland", "hyprland"), ("dwm", ""), ("", "")]
)
def test_a_screen_that_stays_open_names_the_desktop_of_whom_it_fails_for(
    desktop: str, cause: str
) -> None:
    seen = ScreenLock()
    seen.users.append(
        UserScreenLock(
            user="alice", desktop="GNOME", locks=True, idle_seconds=300, lock_delay_seconds=0
        )
    )
    seen.users.append(UserScreenLock(user="alice", desktop=desktop, locks=False))
    verdict = verdict_of(LOCK.id, observed(seen))
    assert (verdict.status, verdict.cause) == (Status.FAIL, cause)


@pytest.mark.parametrize(
    ("reason", "detail", "because"),
    [
        ("NO_USER_SESSION", "nobody is logged in", "Nobody is logged in."),
        ("NO_USER_SESSION", "Nobody is logged in here", "Nobody is logged in here."),
        ("NO_USER_SESSION", "", "Nobody is logged in."),
        ("TIMED_OUT", "nft timed out after 10 s", "Nft timed out after 10 s."),
        ("TIMED_OUT", "no answer in 10 s", "Timed out: no answer in 10 s."),
    ],
)
def test_an_unknown_does_not_repeat_itself(reason: str, detail: str, because: str) -> None:
    number = UnknownReason.Value(f"UNKNOWN_REASON_{reason}")
    assert verdict_of(LOCK.id, unknown("screen_lock", number, detail)).because == because


def test_no_reason_shows_people_the_id_of_a_rule() -> None:
    verdict = verdict_of("antivirus_definitions_fresh", observed(Antivirus()))
    assert verdict.status is Status.NOT_APPLICABLE
    assert verdict.because == "No antivirus is active, so there are no definitions to judge."
