"""Time, policies, waivers and what could not be seen move a device's findings as they should."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collector import upkeep
from collector.described import whole
from collector.ingest import rejudge
from collector.model import Compliance, FormFactor, Platform, Status, Waiver
from collector.policy import default_text, load
from collector.policy.grace import after_working_days
from collector.policy.settings import Calendar
from collector.store import Connection, devices, findings, policies, tracked
from collector.store.devices import InventoryRow
from collector.upkeep import Rejudged, rejudge_due
from protos.posture.v1.signals_pb2 import UNKNOWN_REASON_PERMISSION_DENIED, Observation, Unknown
from tests.collector.desk import (
    BAD,
    GOOD,
    RULE,
    UPDATES_RULE,
    Desk,
    one_device,
    pending,
    posture,
    status,
)
from tests.collector.export.walking import findings_told
from tests.collector.granting import grant

DAY = timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from one_device(tmp_path)


def test_the_first_sight_of_an_update_survives_a_report_that_could_not_see(desk: Desk) -> None:
    desk.report(1, pending(desk, "openssl"))
    first = desk.store.read(lambda c: tracked.first_seen(c, "d1"))[UPDATES_RULE]
    desk.clock.advance(days=5)
    denied = Unknown(reason=UNKNOWN_REASON_PERMISSION_DENIED, detail="no rights")
    desk.report(2, posture(Observation(signal="os_updates", unknown=denied)))
    desk.clock.advance(days=5)
    desk.report(3, pending(desk, "openssl", "curl"))
    after = desk.store.read(lambda c: tracked.first_seen(c, "d1"))[UPDATES_RULE]
    assert len(after) == 2
    assert first.items() < after.items()


def test_an_update_that_was_applied_is_forgotten(desk: Desk) -> None:
    desk.report(1, pending(desk, "openssl"))
    desk.report(2, pending(desk))
    assert desk.store.read(lambda c: tracked.first_seen(c, "d1")).get(UPDATES_RULE, {}) == {}


def test_time_alone_turns_an_old_update_into_a_failure(desk: Desk) -> None:
    sent = pending(desk, "openssl")
    fresh = desk.report(1, sent)
    assert status(fresh, UPDATES_RULE) is not Status.FAIL
    later = desk.policy.rules[UPDATES_RULE].limits["max_delay_days"]
    desk.clock.advance(days=later + 1)
    outcome = desk.unchanged(2, sent)
    assert status(outcome, UPDATES_RULE) is not Status.PASS
    assert outcome.answer_version > fresh.answer_version


def test_a_grace_that_runs_out_counts_without_a_new_report(desk: Desk) -> None:
    text = default_text().replace(
        f'[rules.{RULE}]\nenabled = true\nseverity = "high"\ngrace_days = 0',
        f'[rules.{RULE}]\nenabled = true\nseverity = "high"\ngrace_days = 3',
    )
    desk.policy = load(text, "policy.toml", 1)
    assert desk.policy.rules[RULE].grace_days == 3
    assert desk.report(1, BAD).compliance is Compliance.UNKNOWN
    desk.clock.advance(days=3)
    assert desk.unchanged(2, BAD).compliance is Compliance.NON_COMPLIANT


def test_a_waiver_lies_over_the_finding_and_ends_by_itself(desk: Desk) -> None:
    failing = desk.report(1, BAD)
    granted = Waiver("d1", RULE, "in repair", "alice", desk.clock(), desk.clock() + DAY)
    desk.store.write(lambda c: grant(c, granted))
    waived = desk.unchanged(2, BAD, held=failing.answer_version)
    assert waived.compliance is Compliance.UNKNOWN
    assert status(waived) is Status.FAIL
    assert waived.answer_version == 2
    desk.clock.advance(days=1)
    assert desk.unchanged(3, BAD).compliance is Compliance.NON_COMPLIANT


def test_a_rule_that_is_switched_off_closes_its_finding(desk: Desk) -> None:
    desk.report(1, BAD)
    text = default_text().replace(
        f"[rules.{RULE}]\nenabled = true", f"[rules.{RULE}]\nenabled = false"
    )
    desk.clock.advance(hours=1)
    desk.policy = load(text, "policy.toml", 2)
    assert desk.store.write(lambda c: rejudge(c, desk.policy, "d1", desk.clock()))
    (only,) = desk.past()
    assert only.closed_at == desk.clock()
    desk.policy = load(default_text(), "policy.toml", 3)
    desk.store.write(lambda c: rejudge(c, desk.policy, "d1", desk.clock()))
    again, before = desk.past()
    assert before.closed_at == again.finding.recorded_at


def test_judging_again_without_a_change_changes_no_answer(desk: Desk) -> None:
    desk.report(1, BAD)
    desk.clock.advance(minutes=5)
    assert not desk.store.write(lambda c: rejudge(c, desk.policy, "d1", desk.clock()))
    assert len(desk.past()) == 1


def test_a_policy_that_changes_no_verdict_writes_no_finding(desk: Desk) -> None:
    desk.report(1, BAD)
    (before,) = desk.past()
    desk.clock.advance(minutes=5)
    desk.policy = load(default_text(), "policy.toml", 2)
    said: list[str] = []

    def judge_again(c: Connection) -> None:
        raw = c.connection.dbapi_connection
        raw.set_trace_callback(said.append)  # type: ignore[union-attr]
        rejudge(c, desk.policy, "d1", desk.clock())
        raw.set_trace_callback(None)  # type: ignore[union-attr]

    desk.store.write(judge_again)
    assert [text.split()[1] for text in said if not text.startswith("SELECT")] == ["device"]
    assert desk.past() == [before]
    held = desk.store.read(lambda c: findings.open_of(c, "d1"))
    (found,) = [each for each in held if each.rule_id == RULE]
    assert (found.policy_version, found.evaluated_at) == (2, desk.clock())


def test_the_upkeep_judges_what_time_or_policy_has_overtaken(desk: Desk) -> None:
    desk.report(1, pending(desk, "openssl"))
    assert rejudge_due(desk.store, desk.clock).judged == 1
    assert rejudge_due(desk.store, desk.clock) == Rejudged(0, 0)
    desk.clock.advance(days=60)
    assert rejudge_due(desk.store, desk.clock) == Rejudged(1, 1)
    assert rejudge_due(desk.store, desk.clock) == Rejudged(0, 0)


def test_the_upkeep_goes_on_until_every_device_is_judged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MOST_IN_ONE_TRANSACTION", 2)
    row = InventoryRow("beta", Platform.LINUX, FormFactor.LAPTOP)
    for name in ("d2", "d3", "d4", "d5"):
        desk.store.write(lambda c, n=name: devices.add(c, n, row, desk.clock()))
        desk.device_id = name
        desk.report(1, BAD)
    assert rejudge_due(desk.store, desk.clock) == Rejudged(4, 0)


def test_a_short_pass_continues_the_clock_and_since_stays_true(desk: Desk) -> None:
    """The employee, the helpdesk and the auditor read the same date."""
    text = default_text().replace(
        f'[rules.{RULE}]\nenabled = true\nseverity = "high"\ngrace_days = 0',
        f'[rules.{RULE}]\ngrace_days = 3\ngrace_counts = "working_days"',
    )
    desk.store.write(lambda c: policies.add(c, text, desk.clock(), "somebody"))
    desk.policy = load(text, "policy.toml", 1)
    failed_at = desk.clock()
    desk.report(1, BAD)
    desk.clock.advance(hours=5)
    desk.report(2, GOOD)
    desk.clock.advance(hours=5)
    again_at = desk.clock()
    told = next(f for f in desk.report(3, BAD).findings if f.finding.rule_id == RULE)
    assert told.finding.since == again_at
    assert told.finding.failing_from == failed_at
    expected = after_working_days(Calendar(), failed_at, 3)
    assert told.grace_ends_at == expected
    helpdesk = desk.store.read(lambda c: whole(c, "d1", desk.clock())).findings
    shown = next(f for f in helpdesk if f.finding.rule_id == RULE)
    exported = findings_told(desk.store, desk.policy, desk.clock())
    row = next(each for each in exported if each.rule_id == RULE)
    assert {told.grace_ends_at, shown.grace_ends_at, row.grace_ends_at} == {expected}
    assert (shown.finding.since, row.since) == (again_at, again_at)


def test_a_pass_long_enough_begins_the_clock_anew(desk: Desk) -> None:
    desk.report(1, BAD)
    desk.clock.advance(hours=1)
    desk.report(2, GOOD)
    desk.clock.advance(hours=24)
    told = next(f for f in desk.report(3, BAD).findings if f.finding.rule_id == RULE)
    assert told.finding.failing_from is None


def test_a_failure_on_a_new_device_counts_only_when_its_first_days_are_over(desk: Desk) -> None:
    desk.policy = load("new_device_grace_days = 2", "policy.toml", 1)
    assert desk.report(1, BAD).compliance is Compliance.UNKNOWN
    desk.clock.advance(days=2)
    assert desk.unchanged(2, BAD).compliance is Compliance.NON_COMPLIANT
