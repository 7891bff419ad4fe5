"""A store that an older collector filled is counted rightly from its first moment on."""

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from collector.model import Compliance, Status
from collector.store import Store, devices, recount, tallies
from collector.store.devices import DeviceFilter
from collector.store.forgetting import forget_device
from collector.store.migrating import MIGRATIONS
from tests.fakes import FixedClock

WEEK, DAY_MS = timedelta(days=7), 86_400_000
BEFORE_THE_COUNTERS = "0007"
RULE = "disk_encrypted"


def older(path: Path) -> None:
    """The tables as they were at that revision."""
    engine = create_engine(f"sqlite:///{path}")
    scripts = ScriptDirectory(str(MIGRATIONS))
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"render_as_batch": True})
        with Operations.context(context):
            for script in reversed(list(scripts.iterate_revisions(BEFORE_THE_COUNTERS, "base"))):
                script.module.upgrade()
                context.stamp(scripts, script.revision)
    engine.dispose()


def insert(file: sqlite3.Connection, table: str, **given: Any) -> None:
    """A row with an empty value in every column that must have one."""
    empty = {"TEXT": "", "INTEGER": 0, "BIGINT": 0, "BLOB": b""}
    columns = file.execute(f"PRAGMA table_info({table})").fetchall()
    row = {name: empty[kind] for _, name, kind, must, _, key in columns if must or key} | given
    marks = ", ".join("?" * len(row))
    file.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def fill(path: Path, now_ms: int) -> None:
    """Devices of three platforms, one silent, one retired; failures, fixes and failures again."""
    file = sqlite3.connect(path)
    for number, platform in enumerate(("linux", "linux", "macos", "", "windows", "linux")):
        name = f"d{number}"
        seen = {"last_seen_at": now_ms - (20 * DAY_MS if number == 4 else 1000)}
        if number == 5:
            seen["retired_at"] = now_ms - DAY_MS
        state = "non_compliant" if number % 2 else "compliant"
        insert(
            file, "device", device_id=name, hostname=name, searched=name, platform=platform,
            compliance=state, form_factor="laptop", **seen,
        )  # fmt: skip
        said = ["fail", "unknown", "pass", "fail"][: 1 + number % 4]
        for at, status in enumerate(said):
            began, ended = now_ms - (9 - at) * DAY_MS, now_ms - (8 - at) * DAY_MS
            insert(
                file, "finding", device_id=name, rule_id=RULE, status=status, since=began,
                recorded_at=began, cause="timed_out" if status == "unknown" else "", signal="s",
                evidence="[]", closed_at=None if at + 1 == len(said) else ended,
            )  # fmt: skip
    file.commit()
    file.close()


@pytest.fixture
def upgraded(tmp_path: Path, clock: FixedClock) -> Any:
    path = tmp_path / "collector.sqlite3"
    older(path)
    fill(path, int(clock().timestamp() * 1000))
    store = Store.open(tmp_path, clock=clock)
    yield store
    store.close()


def test_its_counters_are_the_truth_at_once(upgraded: Store, clock: FixedClock) -> None:
    assert upgraded.read(recount.drifted) == []

    def look(c: Any) -> None:
        fleet = tallies.fleet(c, clock(), WEEK)
        assert fleet.total == 5
        assert fleet.by_state[Compliance.STALE] == 1
        for state, count in fleet.by_state.items():
            listed = devices.find(c, DeviceFilter(state=state), clock(), WEEK)
            assert len(listed.devices) == count
        failing = tallies.failing(tallies.findings(c))
        asked = DeviceFilter(rule_id=RULE, status=Status.FAIL)
        assert failing == {RULE: len(devices.find(c, asked, clock(), WEEK).devices)} == {RULE: 3}

    upgraded.read(look)


def test_its_triggers_count_on_from_there(upgraded: Store, clock: FixedClock) -> None:
    upgraded.write(lambda c: devices.retire(c, "d3", clock()))
    upgraded.write(lambda c: forget_device(c, "d0"))
    upgraded.write(lambda c: tallies.mark_silence(c, clock(), WEEK, 10))
    upgraded.write(lambda c: c.exec_driver_sql("UPDATE device SET platform = 'macos'"))
    assert upgraded.read(recount.drifted) == []
    assert upgraded.read(tallies.in_service) == 3


def test_the_turns_of_its_past_are_counted_and_go_with_a_device(
    upgraded: Store, clock: FixedClock
) -> None:
    def turned(c: Any) -> tuple[int, int, int]:
        flows = tallies.flows(c, clock().date() - timedelta(days=30))
        kept = c.exec_driver_sql("SELECT count(*) FROM turn").scalar()
        return sum(each.failing for each in flows), sum(each.fixed for each in flows), kept

    assert upgraded.read(turned) == (7, 2, 9)
    upgraded.write(lambda c: forget_device(c, "d3"))
    assert upgraded.read(turned) == (5, 1, 6)
