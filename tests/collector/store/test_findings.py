"""Intervals of our clock: what was known at a moment can be asked for."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from collector.model import Compliance, EvidenceLine, Finding, FormFactor, Platform, Status
from collector.store import Store, devices, findings
from collector.store.findings import Moves, Opening
from tests.fakes import FixedClock

DAY = timedelta(days=1)


def finding(at: datetime, status: Status, rule_id: str = "rule", device: str = "d") -> Finding:
    evidence = (EvidenceLine("/proc", "said"),)
    return Finding(device, rule_id, status, f"it is {status}", evidence, at, at, at, 1)


def opened(connection: Connection, new: Finding) -> None:
    devices.add(
        connection,
        new.device_id,
        devices.InventoryRow(new.device_id, Platform.LINUX, FormFactor.LAPTOP),
        new.recorded_at,
    )
    findings.move(connection, new.device_id, Moves(opened=[Opening(new, "signal")]))


def statuses(store: Store, at: datetime) -> list[tuple[str, Status | None]]:
    return store.read(
        lambda c: [(d.device_id, f.status if f else None) for d, f in findings.as_of(c, at)]
    )


def test_what_was_known_at_a_moment_can_be_asked_for(store: Store, clock: FixedClock) -> None:
    start = clock()
    store.write(lambda c: opened(c, finding(start, Status.PASS)))
    changed = finding(start + DAY, Status.FAIL)
    moves = Moves(closed=[("rule", start + DAY)], opened=[Opening(changed, "signal")])
    store.write(lambda c: findings.move(c, "d", moves))
    a_moment = timedelta(milliseconds=1)
    assert statuses(store, start - a_moment) == []
    assert statuses(store, start) == [("d", Status.PASS)]
    assert statuses(store, start + DAY - a_moment) == [("d", Status.PASS)]
    assert statuses(store, start + DAY) == [("d", Status.FAIL)]
    assert statuses(store, start + 1000 * DAY) == [("d", Status.FAIL)]
    past = store.read(lambda c: findings.history(c, "d"))
    assert [(p.finding.status, p.closed_at) for p in past] == [
        (Status.FAIL, None),
        (Status.PASS, start + DAY),
    ]


def test_a_finding_comes_back_as_it_was_stored(store: Store, clock: FixedClock) -> None:
    new = finding(clock(), Status.UNKNOWN)
    store.write(lambda c: opened(c, new))
    assert store.read(lambda c: findings.open_of(c, "d")) == [new]


def test_refreshing_changes_the_words_and_not_the_interval(store: Store, clock: FixedClock) -> None:
    new = finding(clock(), Status.FAIL)
    store.write(lambda c: opened(c, new))
    words = Finding(
        "d", "rule", Status.FAIL, "other words", (), new.since, new.recorded_at, clock() + DAY, 2
    )
    store.write(lambda c: findings.move(c, "d", Moves(refreshed=[words])))
    assert store.read(lambda c: findings.open_of(c, "d")) == [words]
    assert len(store.read(lambda c: findings.history(c, "d"))) == 1


def test_a_retired_device_is_in_the_past_only(store: Store, clock: FixedClock) -> None:
    start = clock()
    store.write(lambda c: opened(c, finding(start, Status.PASS)))
    store.write(lambda c: devices.retire(c, "d", start + DAY))
    assert statuses(store, start) == [("d", Status.PASS)]
    assert statuses(store, start + DAY) == []


def test_the_stream_goes_by_host_name_and_rule(store: Store, clock: FixedClock) -> None:
    for name in ("b", "a"):
        store.write(lambda c, n=name: opened(c, finding(clock(), Status.PASS, device=n)))
    other = Opening(finding(clock(), Status.FAIL, "another", "a"), "signal")
    store.write(lambda c: findings.move(c, "a", Moves(opened=[other])))
    assert statuses(store, clock()) == [
        ("a", Status.FAIL),
        ("a", Status.PASS),
        ("b", Status.PASS),
    ]


def test_a_device_that_nothing_is_known_of_stands_there_once(
    store: Store, clock: FixedClock
) -> None:
    row = devices.InventoryRow("new", Platform.LINUX, FormFactor.LAPTOP)
    store.write(lambda c: devices.add(c, "new", row, clock()))
    assert statuses(store, clock()) == [("new", None)]
    assert statuses(store, clock() - DAY) == []


def test_an_open_finding_is_dated_by_the_last_look_at_it(store: Store, clock: FixedClock) -> None:
    start = clock()
    store.write(lambda c: opened(c, finding(start, Status.PASS)))
    judgement = devices.Judgement(Compliance.COMPLIANT, start, 1, b"", 1, start + DAY, None)
    store.write(lambda c: devices.record_judgement(c, "d", judgement))

    def looked_at(at: datetime) -> list[datetime]:
        return store.read(lambda c: [f.evaluated_at for _, f in findings.as_of(c, at) if f])

    assert looked_at(start + 2 * DAY) == [start + DAY]
    assert looked_at(start) == [start]
