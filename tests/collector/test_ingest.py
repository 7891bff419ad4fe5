"""A check-in has one effect, whatever is repeated, reordered, disputed or broken."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.ingest import LARGEST_POSTURE, Delivery, NotInService, Unacceptable
from collector.model import Compliance, Status
from collector.store import devices, reports
from protos.posture.v1.posture_service_pb2 import Receipt
from protos.posture.v1.signals_pb2 import Observation
from tests.collector.desk import BAD, GOOD, Desk, firewall, one_device, posture, status

LATE = datetime(9999, 12, 31, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from one_device(tmp_path)


def test_a_report_is_stored_judged_and_answered(desk: Desk) -> None:
    outcome = desk.report(1, BAD)
    assert outcome.receipt == Receipt.RECEIPT_STORED
    assert outcome.accepted_sequence == 1
    assert outcome.answer_version == 1
    assert outcome.compliance is Compliance.NON_COMPLIANT
    assert status(outcome) is Status.FAIL
    assert outcome.evaluated_at == desk.clock()
    held = desk.store.read(lambda c: reports.current(c, "d1"))
    assert held is not None
    assert held.posture == BAD


def test_what_was_not_seen_is_unknown(desk: Desk) -> None:
    outcome = desk.report(1, GOOD)
    assert status(outcome) is Status.PASS
    assert status(outcome, "disk_encrypted") is Status.UNKNOWN
    assert outcome.compliance is Compliance.UNKNOWN


def test_the_same_report_again_changes_nothing(desk: Desk) -> None:
    desk.report(1, BAD)
    before = desk.everything()
    desk.clock.advance(hours=1)
    again = desk.report(1, BAD)
    assert again.receipt == Receipt.RECEIPT_SUPERSEDED
    assert again.accepted_sequence == 1
    assert desk.everything() == before
    assert desk.events() == []


def test_an_older_report_after_a_newer_one_changes_nothing(desk: Desk) -> None:
    desk.report(5, BAD)
    before = desk.everything()
    assert desk.report(4, GOOD).receipt == Receipt.RECEIPT_SUPERSEDED
    assert desk.unchanged(5, BAD).receipt == Receipt.RECEIPT_SUPERSEDED
    assert desk.everything() == before


def test_one_sequence_with_two_postures_is_an_event_and_changes_nothing(desk: Desk) -> None:
    desk.report(1, BAD)
    before = desk.everything()
    for _ in range(3):
        assert desk.report(1, GOOD).receipt == Receipt.RECEIPT_SUPERSEDED
    assert desk.everything() == before
    assert desk.events() == ["sequence clash"]


def test_an_unchanged_check_in_touches_one_row(desk: Desk) -> None:
    first = desk.report(1, GOOD)
    before = desk.row()
    desk.clock.advance(minutes=10)
    outcome = desk.unchanged(2, GOOD, held=first.answer_version)
    assert outcome.receipt == Receipt.RECEIPT_UNCHANGED
    assert (outcome.accepted_sequence, outcome.findings) == (2, ())
    now = desk.clock()
    assert desk.row() == replace(before, last_sequence=2, last_seen_at=now)  # type: ignore[type-var]
    device = desk.store.read(lambda c: devices.get(c, "d1"))
    assert device is not None
    assert device.last_seen_at == desk.clock()
    assert device.last_report_at == desk.clock() - timedelta(minutes=10)


def test_an_agent_that_lost_its_answer_gets_it_again(desk: Desk) -> None:
    first = desk.report(1, GOOD)
    assert desk.unchanged(2, GOOD, held=7).findings == first.findings


def test_a_full_report_of_what_we_hold_adds_no_history(desk: Desk) -> None:
    desk.report(1, GOOD)
    assert desk.report(2, GOOD).receipt == Receipt.RECEIPT_UNCHANGED
    assert len(desk.store.read(lambda c: reports.history(c, "d1"))) == 1


def test_a_digest_that_is_not_ours_asks_for_all_and_changes_nothing(desk: Desk) -> None:
    desk.report(1, GOOD)
    before = desk.everything()
    desk.clock.advance(hours=1)
    outcome = desk.unchanged(2, BAD)
    assert outcome.receipt == Receipt.RECEIPT_SEND_FULL
    assert outcome.accepted_sequence == 1
    assert desk.everything() == before


def test_a_digest_before_any_report_asks_for_all(desk: Desk) -> None:
    assert desk.unchanged(1, GOOD).receipt == Receipt.RECEIPT_SEND_FULL


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (Delivery(1, LATE, posture=b"\xff\xff\xff"), "report.posture: is not a serialised"),
        (Delivery(1, LATE, posture=b""), "report.posture: is empty"),
        (
            Delivery(1, LATE, posture=b"x" * (LARGEST_POSTURE + 1)),
            "report.posture: holds 65537 bytes",
        ),
        (Delivery(1, LATE, digest=b"short"), "unchanged.digest: must hold 32 bytes"),
        (Delivery(1, LATE), "unchanged.digest: must hold 32 bytes"),
        (Delivery(0, LATE, posture=GOOD), "sequence: must be from 1"),
        (Delivery(1 << 63, LATE, posture=GOOD), "sequence: must be from 1"),
    ],
)
def test_what_cannot_be_read_names_its_field_and_changes_nothing(
    desk: Desk, delivery: Delivery, words: str
) -> None:
    before = desk.everything()
    with pytest.raises(Unacceptable, match=words):
        desk.deliver(delivery)
    assert desk.everything() == before


def test_a_changed_status_closes_one_interval_and_opens_the_next(desk: Desk) -> None:
    desk.report(1, GOOD)
    opened_at = desk.clock()
    desk.clock.advance(days=2)
    observed_at = desk.clock() - timedelta(hours=5)
    outcome = desk.report(2, BAD, observed_at)
    new, old = desk.past()
    assert (old.finding.status, old.closed_at) == (Status.PASS, desk.clock())
    assert old.finding.recorded_at == opened_at
    assert (new.finding.status, new.closed_at) == (Status.FAIL, None)
    assert (new.finding.since, new.finding.recorded_at) == (observed_at, desk.clock())
    assert outcome.answer_version == 2


def test_new_words_for_the_same_status_refresh_the_open_finding(desk: Desk) -> None:
    desk.report(1, BAD)
    since = desk.past()[0].finding.since
    desk.clock.advance(days=1)
    desk.report(2, posture(firewall(blocked=False, said="policy accept")))
    (only,) = desk.past()
    assert only.finding.since == since
    assert [line.said for line in only.finding.evidence] == ["policy accept"]


@pytest.mark.parametrize("years", [-30, 30])
def test_a_device_clock_that_is_years_off_breaks_no_interval(desk: Desk, years: int) -> None:
    enrolled_at = desk.clock() - timedelta(hours=1)
    off = desk.clock() + timedelta(days=365 * years)
    desk.report(1, GOOD, off)
    first = desk.past()[0].finding
    desk.clock.advance(days=1)
    outcome = desk.report(2, BAD, off)
    second = desk.past()[0].finding
    assert status(outcome) is Status.FAIL
    assert enrolled_at <= first.since <= first.recorded_at
    assert first.since <= second.since <= second.recorded_at == desk.clock()


def test_a_state_begins_no_earlier_than_the_one_before_it(desk: Desk) -> None:
    desk.report(1, GOOD)
    first = desk.past()[0].finding
    desk.clock.advance(days=1)
    desk.report(2, BAD, first.since - timedelta(minutes=30))
    assert desk.past()[0].finding.since == first.since


def test_our_own_clock_set_back_keeps_the_intervals_apart(desk: Desk) -> None:
    desk.report(1, GOOD)
    desk.clock.advance(hours=-1)
    desk.report(2, BAD)
    desk.report(3, GOOD)
    newest, middle, oldest = desk.past()
    assert oldest.closed_at == middle.finding.recorded_at > oldest.finding.recorded_at
    assert middle.closed_at == newest.finding.recorded_at > middle.finding.recorded_at


def test_the_inventory_follows_the_report(desk: Desk) -> None:
    desk.report(1, posture(firewall(blocked=True), hostname="beta"))
    device = desk.store.read(lambda c: devices.get(c, "d1"))
    assert device is not None
    assert (device.hostname, device.agent_version) == ("beta", "0.1.0")
    assert '"hostname": "beta"' in desk.store.read(lambda c: devices.document(c, "d1"))


def test_another_board_under_the_same_certificate_is_an_event(desk: Desk) -> None:
    desk.report(1, posture(firewall(blocked=True), board=b"other"))
    assert desk.events() == ["hardware changed"]


def test_signals_from_a_newer_agent_are_kept_and_ignored(desk: Desk) -> None:
    newer = posture(firewall(blocked=True), Observation(signal="secure_boot"))
    newer += b"\xfa\x7f\x03abc"
    assert desk.report(1, newer).receipt == Receipt.RECEIPT_STORED
    held = desk.store.read(lambda c: reports.current(c, "d1"))
    assert held is not None
    assert held.posture == newer


def test_a_device_in_quarantine_changes_no_finding_and_is_told_nothing(desk: Desk) -> None:
    desk.report(1, GOOD)
    desk.store.write(lambda c: devices.quarantine(c, "d1", "two machines, one key", desk.clock()))
    before = desk.everything()
    outcome = desk.report(2, BAD)
    assert outcome.receipt == Receipt.RECEIPT_QUARANTINED
    assert (outcome.accepted_sequence, outcome.findings) == (1, ())
    assert outcome.compliance is Compliance.UNKNOWN
    assert desk.everything() == before
    desk.store.write(lambda c: devices.release(c, "d1", desk.clock()))
    assert desk.report(2, BAD).receipt == Receipt.RECEIPT_STORED


def test_a_retired_or_unknown_device_is_not_in_service(desk: Desk) -> None:
    desk.store.write(lambda c: devices.retire(c, "d1", desk.clock()))
    with pytest.raises(NotInService, match="retired: enroll it again"):
        desk.report(1, GOOD)
    desk.device_id = "d2"
    with pytest.raises(NotInService, match="not known here"):
        desk.report(1, GOOD)
