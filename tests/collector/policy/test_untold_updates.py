"""An update that nobody calls anything may close a hole: it is not taken for harmless."""

from datetime import timedelta

from collector.model import Status
from collector.policy.causes import Cause
from protos.posture.v1.signals_pb2 import OsUpdates, PendingUpdate
from tests.collector.policy.postures import (
    A_SECOND,
    NOW,
    days_ago,
    observed,
    rule_named,
    verdict_of,
)
from tests.collector.policy.test_rules import updates


def unmarked(names: str, security: str = "") -> OsUpdates:
    value = updates(security)
    value.updates.extend(PendingUpdate(name=name) for name in names.split())
    value.pending = len(value.updates)
    return value


def test_an_update_whose_source_does_not_tell_may_be_a_security_update() -> None:
    rule_id = "os_security_updates_applied"
    value = observed(unmarked("browser"))
    for since, status in [
        (days_ago(14) + A_SECOND, Status.PASS),
        (days_ago(14), Status.UNKNOWN),
        (days_ago(30), Status.UNKNOWN),
    ]:
        verdict = verdict_of(rule_id, value, first_seen={"browser": since})
        assert verdict.status is status
    assert verdict.cause == Cause.UNCLASSIFIED
    assert "browser (since" in verdict.because
    fresh = verdict_of(rule_id, value, first_seen={"browser": days_ago(12)})
    assert fresh.holds_until == NOW + timedelta(days=2)
    assert verdict_of(rule_id, value).cause == Cause.SINCE_UNKNOWN
    assert rule_named(rule_id).tracks is not None
    assert rule_named(rule_id).tracks(unmarked("browser", "openssl")) == {"browser", "openssl"}  # type: ignore[misc]


def test_a_security_update_that_is_overdue_fails_whatever_else_is_not_told() -> None:
    seen = {"openssl": days_ago(20), "browser": days_ago(20)}
    value = observed(unmarked("browser", "openssl"))
    verdict = verdict_of("os_security_updates_applied", value, first_seen=seen)
    assert verdict.status is Status.FAIL


def test_a_list_cut_short_before_the_updates_that_are_told_apart_is_unknown() -> None:
    rule_id = "os_security_updates_applied"
    value = unmarked("browser")
    value.pending = 7
    seen = {"browser": days_ago(1)}
    assert verdict_of(rule_id, observed(value), first_seen=seen).status is Status.UNKNOWN
    value.updates.add(name="gedit", security=False)
    assert verdict_of(rule_id, observed(value), first_seen=seen).status is Status.PASS


def test_patches_that_are_listed_beside_the_packages_they_bring_are_no_doubt() -> None:
    value = updates("SUSE-1")
    value.updates.add(name="vim", security=False)
    seen = {"SUSE-1": days_ago(1), "vim": days_ago(2)}
    rule_id = "os_updates_applied"
    verdict = verdict_of(rule_id, observed(value), first_seen=seen)
    assert verdict.status is Status.PASS
    assert verdict.holds_until == NOW + timedelta(days=29)
    value.pending = 0
    assert "no update is pending" not in verdict_of(rule_id, observed(value)).because.lower()
    assert verdict_of(rule_id, observed(value)).status is Status.UNKNOWN


def test_what_is_held_back_from_the_list_keeps_it_from_passing_and_not_from_failing() -> None:
    rule_id = "os_security_updates_applied"
    assert verdict_of(rule_id, observed(updates(""))).status is Status.PASS
    assert verdict_of(rule_id, observed(updates(""), ["updates"])).status is Status.UNKNOWN
    overdue = {"openssl": days_ago(20)}
    verdict = verdict_of(rule_id, observed(updates("openssl"), ["updates"]), first_seen=overdue)
    assert verdict.status is Status.FAIL
