"""No question about devices reads a large table whole: SQLite is asked how it would answer."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection, event

from collector.model import Compliance, Platform, Status
from collector.store import Store, devices, person_search, tallies
from collector.store.device_few import few
from collector.store.device_filter import DeviceFilter
from collector.store.device_order import NAME, SEEN, SEVERITY, SINCE, WORST
from collector.store.person_search import PersonFilter
from tests.collector.store.test_devices import enrol
from tests.fakes import FixedClock

WEEK = timedelta(days=7)
LARGE = (
    *("device", "finding", "person", "person_word", "membership", "turn", "new_failure"),
    *("report", "event", "ownership", "command", "device_number"),
)
WHOLE = re.compile(rf"SCAN ({'|'.join(LARGE)})(?! USING (COVERING )?INDEX device_by_)\b(?!_)")
UNORDERED = "USE TEMP B-TREE FOR ORDER BY"


def plans(store: Store, question: Callable[[Connection], object]) -> list[str]:
    """The lines of the plans of every statement that the question makes."""
    asked: list[tuple[str, Any]] = []

    def note(*given: Any) -> None:
        asked.append((given[2], given[3]))

    def explain(c: Connection) -> list[str]:
        event.listen(c, "before_cursor_execute", note)
        question(c)
        event.remove(c, "before_cursor_execute", note)
        lines = []
        for statement, parameters in asked:
            rows = c.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            lines += [row.detail for row in rows]
        return lines

    return store.read(explain)


@pytest.fixture
def fleet(store: Store, clock: FixedClock) -> Store:
    for number in range(3):
        enrol(store, clock, f"d{number}", f"host{number}")
    return store


def filters(clock: FixedClock) -> list[dict[str, Any]]:
    now = clock()
    return [
        {},
        {"text": "host1"},
        {"text": "h", "text_of_owner": True},
        {"platform": Platform.LINUX},
        {"rule_id": "disk_encrypted", "status": Status.FAIL},
        {"rule_id": "disk_encrypted", "status": Status.UNKNOWN, "cause": "timed_out"},
        {"rule_id": "disk_encrypted", "platform": Platform.LINUX, "text": "host"},
        {"group": "sales"},
        {"owner": "alice@example.org"},
        {"owner": ""},
        {"seen_before": now - timedelta(days=30)},
        {"seen_since": now - timedelta(days=1)},
    ]


STATES = (None, Compliance.NON_COMPLIANT, Compliance.STALE)


@pytest.mark.parametrize("order", [NAME, SINCE, SEEN, SEVERITY])
@pytest.mark.parametrize("after", [None, ("1", "d1")])
def test_a_walk_follows_an_index_whatever_is_asked(
    fleet: Store, clock: FixedClock, order: str, after: tuple[str, str] | None
) -> None:
    for given, state in product(filters(clock), STATES):
        wanted = DeviceFilter(state=state, order=order, after=after, **given)
        lines = plans(fleet, lambda c, w=wanted: devices.walk(c, w, clock(), WEEK))
        assert not [line for line in lines if WHOLE.search(line)], (wanted, lines)
        walked = [line for line in lines if re.match("(SCAN|SEARCH) device USING", line)]
        assert walked or not lines, (wanted, lines)  # no statement: it cannot be
        assert order == SEEN or state or UNORDERED not in lines, (wanted, lines)


def test_the_few_are_named_and_read_without_a_walk(fleet: Store, clock: FixedClock) -> None:
    for given, state, order in product(filters(clock), STATES, (WORST, NAME, SEEN)):
        wanted = DeviceFilter(state=state, order=order, most_looked_at=1, **given)

        def ask(c: Connection, wanted: DeviceFilter = wanted) -> None:
            few(c, wanted, clock() - WEEK)
            devices.find_among(c, wanted, ("d1", "d2"), clock() - WEEK)

        lines = plans(fleet, ask)
        assert not [line for line in lines if re.match(r"SCAN (\w+)", line) and _is_large(line)], (
            wanted,
            lines,
        )


def _is_large(line: str) -> bool:
    return line.split()[1] in LARGE


def test_people_and_counts_are_read_by_their_indexes(fleet: Store, clock: FixedClock) -> None:
    for given in ({}, {"text": "alice"}, {"only": "left_reporting"}, {"only": "without_device"}):
        wanted = PersonFilter(after="a", **given)
        lines = plans(fleet, lambda c, w=wanted: person_search.find(c, w, clock()))
        assert not [line for line in lines if WHOLE.search(line)], (wanted, lines)
    lines = plans(fleet, lambda c: tallies.fleet(c, clock(), WEEK))
    assert not [line for line in lines if WHOLE.search(line)], lines


def test_a_question_without_an_index_is_noticed(fleet: Store) -> None:
    lines = plans(fleet, lambda c: c.exec_driver_sql("SELECT * FROM device WHERE model = 'x'"))
    assert [line for line in lines if WHOLE.search(line)]
