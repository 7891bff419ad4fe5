"""What people see counted is maintained, not scanned: a count costs the same for any fleet.

The counters are moved by `triggers`. Silence comes with time alone: the upkeep marks it, and
whoever counts adds what it has not marked yet, so that a count is right to the moment.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from collector.model import Compliance, Platform, Status
from collector.store.columns import EPOCH
from collector.store.schema import device, device_tally, finding_tally, flow
from collector.store.triggers import BUCKET_ENDS_S

MOST_UNMARKED = 50_000
"""More devices than this whose silence is not marked are not counted by looking at each."""

StateCounts = Mapping[tuple[Platform | None, Compliance], int]


@dataclass(frozen=True, slots=True)
class FleetCounts:
    """Devices in service by platform and state. Not `sure`: more fell silent than are marked."""

    by_platform: StateCounts
    sure: bool

    @property
    def by_state(self) -> dict[Compliance, int]:
        """Every state has a number."""
        counts = dict.fromkeys(Compliance, 0)
        for (_, state), count in self.by_platform.items():
            counts[state] += count
        return counts

    @property
    def total(self) -> int:
        return sum(self.by_platform.values())


@dataclass(frozen=True, slots=True)
class FindingCount:
    """How many devices in service have this finding open."""

    rule_id: str
    status: Status
    cause: str
    platform: Platform | None
    count: int


@dataclass(frozen=True, slots=True)
class Flow:
    """How many devices began to fail a rule on a day, and how many fixes there were."""

    day: date
    rule_id: str
    failing: int
    fixed: int


def unheard(now: datetime, stale_after: timedelta) -> ColumnElement[bool]:
    """Silent by now, and not marked so yet."""
    return and_(
        device.c.retired_at.is_(None),
        device.c.silent == 0,
        device.c.last_seen_at < now - stale_after,
    )


def heard_again(now: datetime, stale_after: timedelta) -> ColumnElement[bool]:
    """Marked as silent, and not silent by the policy of today."""
    return and_(
        device.c.retired_at.is_(None),
        device.c.silent == 1,
        device.c.last_seen_at >= now - stale_after,
    )


def fleet(connection: Connection, now: datetime, stale_after: timedelta) -> FleetCounts:
    """The devices in service by platform and state, silence included."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in connection.execute(select(device_tally)):
        counts[row.platform, Compliance.STALE if row.silent else row.compliance] += row.devices
    sure = True
    for condition, by in ((unheard(now, stale_after), 1), (heard_again(now, stale_after), -1)):
        unmarked = _unmarked(connection, condition)
        sure = sure and sum(unmarked.values()) <= MOST_UNMARKED
        for (platform, compliance), count in unmarked.items():
            counts[platform, compliance] -= by * count
            counts[platform, Compliance.STALE] += by * count
    named = {
        (Platform(platform) if platform else None, Compliance(state)): count
        for (platform, state), count in counts.items()
        if count
    }
    return FleetCounts(named, sure)


def in_service(connection: Connection) -> int:
    """How many devices there are, by the counts that are kept."""
    query = select(func.coalesce(func.sum(device_tally.c.devices), 0))
    return int(connection.execute(query).scalar_one())


def count_by_state(
    connection: Connection, now: datetime, stale_after: timedelta
) -> dict[Compliance, int]:
    """How many devices in service are in each state; every state has a number."""
    return fleet(connection, now, stale_after).by_state


def findings(connection: Connection) -> list[FindingCount]:
    """What is open on the devices in service, the most frequent first."""
    query = select(finding_tally).where(finding_tally.c.findings != 0)
    rows = connection.execute(query.order_by(finding_tally.c.findings.desc()))
    return [
        FindingCount(
            row.rule_id,
            Status(row.status),
            row.cause,
            Platform(row.platform) if row.platform else None,
            row.findings,
        )
        for row in rows
    ]


def failing(counts: Iterable[FindingCount]) -> dict[str, int]:
    """By rule, how many devices fail it."""
    by_rule: Counter[str] = Counter()
    for each in counts:
        if each.status is Status.FAIL:
            by_rule[each.rule_id] += each.count
    return dict(by_rule)


def flows(connection: Connection, since: date) -> list[Flow]:
    """By day and rule, from that day on."""
    counts: dict[tuple[int, str], Counter[str]] = {}
    query = (
        select(flow.c.day, flow.c.rule_id, flow.c.kind, func.sum(flow.c.turns).label("turns"))
        .where(flow.c.day >= day_number(since))
        .group_by(flow.c.day, flow.c.rule_id, flow.c.kind)
    )
    for row in connection.execute(query):
        counts.setdefault((row.day, row.rule_id), Counter())[row.kind] = row.turns
    return [
        Flow(day_of(number), rule_id, each["failing"], each["fixed"])
        for (number, rule_id), each in sorted(counts.items())
    ]


def fix_times(connection: Connection, since: date) -> dict[str, tuple[timedelta | None, int]]:
    """By rule: within what time half of the fixes since that day came, and how many there were.

    The time is the end of a bucket of `triggers`; None: longer than the last of them.
    """
    query = (
        select(flow.c.rule_id, flow.c.bucket, func.sum(flow.c.turns).label("turns"))
        .where(flow.c.day >= day_number(since), flow.c.kind == "fixed")
        .group_by(flow.c.rule_id, flow.c.bucket)
        .order_by(flow.c.rule_id, flow.c.bucket)
    )
    by_rule: dict[str, list[tuple[int, int]]] = {}
    for row in connection.execute(query):
        by_rule.setdefault(row.rule_id, []).append((row.bucket, row.turns))
    return {rule_id: _median(buckets) for rule_id, buckets in by_rule.items()}


def mark_silence(connection: Connection, now: datetime, stale_after: timedelta, most: int) -> int:
    """Mark some of the devices that fell silent, and take back what is not so: how many."""
    marked = 0
    for condition, silent in ((unheard(now, stale_after), 1), (heard_again(now, stale_after), 0)):
        some = select(device.c.device_id).where(condition).limit(most).scalar_subquery()
        change = update(device).where(device.c.device_id.in_(some)).values(silent=silent)
        marked += connection.execute(change).rowcount
    return marked


def day_number(day: date) -> int:
    return (day - EPOCH.date()).days


def day_of(number: int) -> date:
    return EPOCH.date() + timedelta(days=number)


def end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def _unmarked(connection: Connection, condition: ColumnElement[bool]) -> Counter[tuple[str, str]]:
    some = (
        select(device.c.platform, device.c.compliance)
        .where(condition)
        .limit(MOST_UNMARKED + 1)
        .subquery()
    )
    query = select(some.c.platform, some.c.compliance, func.count().label("n"))
    rows = connection.execute(query.group_by(some.c.platform, some.c.compliance))
    return Counter({(row.platform, row.compliance): row.n for row in rows})


def _median(buckets: list[tuple[int, int]]) -> tuple[timedelta | None, int]:
    total, seen, middle = sum(turns for _, turns in buckets), 0, 0
    for bucket, turns in buckets:
        if seen * 2 < total:
            middle = bucket
        seen += turns
    longest = middle == len(BUCKET_ENDS_S)
    return None if longest else timedelta(seconds=BUCKET_ENDS_S[middle]), total
