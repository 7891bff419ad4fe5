"""A day's counts stay when the day is over: what trends are drawn from."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select

from collector.store import tallies
from collector.store.schema import finding_tally, snapshot, turn

HISTORY_DAYS = 56
TURNS_DAYS = 35
"""How long single turns are kept; the numbers of them stay."""


def last_day(connection: Connection) -> date | None:
    number = connection.execute(select(func.max(snapshot.c.day))).scalar()
    return None if number is None else tallies.day_of(number)


def take(connection: Connection, now: datetime, stale_after: timedelta) -> int:
    """Write down the counts of every day that ended since the last snapshot: how many days.

    While no collector ran nothing changed but silence, and that is known for each day.
    """
    last = last_day(connection)
    yesterday = now.date() - timedelta(days=1)
    first = yesterday if last is None else last + timedelta(days=1)
    first = max(first, yesterday - timedelta(days=HISTORY_DAYS))
    days = (yesterday - first).days + 1
    for ahead in range(days):
        day = first + timedelta(days=ahead)
        number = tallies.day_number(day)
        counts = tallies.fleet(connection, tallies.end_of(day), stale_after).by_state
        rows = [("", state.value, count) for state, count in counts.items()]
        rows += [(row[0], row[1], row[2]) for row in connection.execute(_by_rule())]
        keep(connection, number, rows)
    if days > 0:
        connection.execute(delete(turn).where(turn.c.at < now - timedelta(days=TURNS_DAYS)))
    return max(days, 0)


def trend(connection: Connection, since: date) -> dict[date, dict[tuple[str, str], int]]:
    """By day, how many there were by rule ("": devices) and state."""
    found: dict[date, dict[tuple[str, str], int]] = {}
    query = select(snapshot).where(snapshot.c.day >= tallies.day_number(since))
    for row in connection.execute(query):
        found.setdefault(tallies.day_of(row.day), {})[row.rule_id, row.state] = row.total
    return found


def keep(connection: Connection, number: int, rows: list[tuple[str, str, int]]) -> None:
    connection.execute(delete(snapshot).where(snapshot.c.day == number))
    values = [
        {"day": number, "rule_id": rule_id, "state": state, "total": total}
        for rule_id, state, total in rows
    ]
    connection.execute(insert(snapshot), values)


def _by_rule() -> Select[Any]:
    key = (finding_tally.c.rule_id, finding_tally.c.status)
    return select(*key, func.sum(finding_tally.c.findings)).group_by(*key)
