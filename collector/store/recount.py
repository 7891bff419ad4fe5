"""The counters against the truth: compared in one moment of the data, and made anew from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select
from sqlalchemy import text as sql

from collector.store import snapshots, tallies
from collector.store.schema import device, device_tally, finding, finding_tally, flow, turn
from collector.store.snapshots import HISTORY_DAYS, TURNS_DAYS
from collector.store.triggers import DAY_MS

Counts = Mapping[tuple[Any, ...], int]


@dataclass(frozen=True, slots=True)
class Drift:
    """One counter that does not say what there is."""

    counter: str
    counted: int
    there_are: int


def drifted(connection: Connection) -> list[Drift]:
    """Every counter that is wrong. It reads all devices and findings: for tests and the upkeep."""
    found = []
    for held, truth in ((_held_devices, _devices), (_held_findings, _findings)):
        counted, there_are = _counts(connection, held()), _counts(connection, truth())
        for key in sorted(counted.keys() | there_are.keys()):
            if counted.get(key, 0) != there_are.get(key, 0):
                name = " ".join(str(part) or "-" for part in key)
                found.append(Drift(name, counted.get(key, 0), there_are.get(key, 0)))
    return found


def begin(connection: Connection, now: datetime) -> None:
    """Count a store that never counted: one that an older collector has left."""
    never = connection.execute(select(device_tally).limit(1)).first() is None
    if never and connection.execute(select(device.c.device_id).limit(1)).first() is not None:
        recount(connection)
        make_up_past(connection, now)


def recount(connection: Connection) -> None:
    """Make the counters of what is open anew."""
    for table, truth in ((device_tally, _devices()), (finding_tally, _findings())):
        connection.execute(delete(table))
        names = [column.name for column in table.columns]
        connection.execute(insert(table).from_select(names, truth))


def make_up_past(connection: Connection, now: datetime) -> None:
    """What turned and how much was open each day, from the intervals of a store without either."""
    today = tallies.day_number(now.date())
    connection.execute(delete(flow))
    connection.execute(delete(turn))
    # A trigger counts each turn.
    connection.execute(sql(_TURNED), {"first": (today - HISTORY_DAYS) * DAY_MS})
    connection.execute(delete(turn).where(turn.c.at < now - timedelta(days=TURNS_DAYS)))
    _open_each_day(connection, today)


def _open_each_day(connection: Connection, today: int) -> None:
    """Open at the end of a day is what began by then less what ended by then."""
    open_now: dict[tuple[str, str], int] = {}
    begun: dict[int, list[tuple[str, str, int]]] = {}
    for row in connection.execute(sql(_MOVED), {"day": DAY_MS}):
        begun.setdefault(row.day, []).append((row.rule_id, row.status, row.moved))
    for day in sorted({*begun, *range(today - HISTORY_DAYS, today)}):
        for rule_id, status, moved in begun.get(day, ()):
            key = (rule_id, status)
            open_now[key] = open_now.get(key, 0) + moved
        if today - HISTORY_DAYS <= day < today and any(open_now.values()):
            snapshots.keep(
                connection, day, [(rule, status, n) for (rule, status), n in open_now.items()]
            )


def _counts(connection: Connection, query: Select[Any]) -> dict[tuple[Any, ...], int]:
    rows: list[Row[Any]] = list(connection.execute(query))
    return {tuple(row)[:-1]: row[-1] for row in rows if row[-1]}


def _held_devices() -> Select[Any]:
    return select(device_tally)


def _held_findings() -> Select[Any]:
    return select(finding_tally)


def _devices() -> Select[Any]:
    key = (device.c.platform, device.c.compliance, device.c.silent)
    return select(*key, func.count()).where(device.c.retired_at.is_(None)).group_by(*key)


def _findings() -> Select[Any]:
    key = (finding.c.rule_id, finding.c.status, finding.c.cause, device.c.platform)
    return (
        select(*key, func.count())
        .join(device, device.c.device_id == finding.c.device_id)
        .where(finding.c.closed_at.is_(None), device.c.retired_at.is_(None))
        .group_by(*key)
    )


_TURNED = """
INSERT INTO turn (device_id, rule_id, at, kind, seconds)
SELECT device_id, rule_id, recorded_at,
       CASE status WHEN 'fail' THEN 'failing' ELSE 'fixed' END,
       CASE status WHEN 'fail' THEN 0 ELSE max(0, since - since_before) / 1000 END
FROM (
  SELECT device_id, rule_id, recorded_at, status, since,
         lag(status) OVER intervals AS before, lag(since) OVER intervals AS since_before
  FROM finding WHERE status IN ('pass', 'fail')
  WINDOW intervals AS (PARTITION BY device_id, rule_id ORDER BY recorded_at)
) AS known
WHERE recorded_at >= :first
  AND ((status = 'fail' AND (before IS NULL OR before <> 'fail'))
       OR (status = 'pass' AND before = 'fail'))
"""
_MOVED = """
SELECT rule_id, status, recorded_at / :day AS day, count(*) AS moved
FROM finding GROUP BY rule_id, status, recorded_at / :day
UNION ALL
SELECT f.rule_id, f.status, min(f.closed_at, d.retired_at) / :day AS day, -count(*) AS moved
FROM (SELECT device_id, rule_id, status, coalesce(closed_at, 9223372036854775807) AS closed_at
      FROM finding) AS f
JOIN (SELECT device_id, coalesce(retired_at, 9223372036854775807) AS retired_at
      FROM device) AS d ON d.device_id = f.device_id
WHERE f.closed_at < 9223372036854775807 OR d.retired_at < 9223372036854775807
GROUP BY f.rule_id, f.status, min(f.closed_at, d.retired_at) / :day
"""
