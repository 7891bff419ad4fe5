"""The devices page's questions: who falls short, page by page, without counting everything.

Silence is part of the state people see, and it passes with time: it is asked for in the query.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)

from collector.model import Compliance, Device, Platform, Status
from collector.store import device_order, schema
from collector.store.columns import Moment
from collector.store.device_rows import SHOWN, device_of
from collector.store.tallies import heard_again, unheard

DEVICE = schema.device
FINDING = schema.finding
SMALL_GROUP = 5_000
MOST_LOOKED_AT, MOST_COMPARED = 3_000, 6_000
MOST_RARE = 1_500
"""So many devices with a finding are sorted; where there are more, a walk by name meets them."""
KEY = (DEVICE.c.hostname, DEVICE.c.device_id)
WALKED = tuple(dict.fromkeys((*SHOWN, "searched", "owner", "platform", "last_seen_at")))


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """Which devices. `rule_id` and `signal`: those with such a finding open that is `status`,
    or when that is None, a failure or unknown; with `cause`, for that cause only. `owner` is an
    address, "" for nobody's, None for any; `text_of_owner`: the text may also be in the owner's
    address. `order` is one of `device_order.ORDERS`, `after` is `DevicePage.next_after`.
    """

    state: Compliance | None = None
    platform: Platform | None = None
    text: str = ""
    rule_id: str = ""
    signal: str = ""
    status: Status | None = None
    cause: str | None = None
    group: str = ""
    owner: str | None = None
    text_of_owner: bool = False
    seen_before: datetime | None = None
    seen_since: datetime | None = None
    order: str = device_order.NAME
    after: tuple[str, str] | None = None
    limit: int = 100
    most_looked_at: int = 0

    @property
    def looked_at(self) -> int:
        """A text is sooner compared than a finding is looked up."""
        cheap = self.text and not self.rule_id and not self.signal
        return self.most_looked_at or (MOST_COMPARED if cheap else MOST_LOOKED_AT)


@dataclass(frozen=True, slots=True)
class DevicePage:
    """Devices in order; `next_after` is None on the last page. See `find` for short pages."""

    devices: tuple[Device, ...]
    next_after: tuple[str, str] | None


def find(
    connection: Connection, wanted: DeviceFilter, now: datetime, stale_after: timedelta
) -> DevicePage:
    """One page of the devices in service.

    By name it looks at `looked_at` of them at most, unless those that may match are few. When
    these do not fill the page, it is shorter, maybe empty, and `next_after` leads on from there.
    """
    if wanted.order != device_order.NAME:
        return _ordered(connection, wanted, now, stale_after)
    walk = _walk(wanted, now - stale_after)
    few = _few(connection, wanted)
    narrowing = [*_narrowing(wanted, DEVICE.c), *few]
    limited = walk.where(*few) if few else walk.limit(wanted.looked_at)
    seen = limited.subquery("seen")
    matching = select(*(seen.c[name] for name in SHOWN)).where(*_narrowing(wanted, seen.c))
    rows = list(connection.execute(matching.limit(wanted.limit + 1)))
    end = None
    if len(rows) <= wanted.limit and not few:
        ending = walk.with_only_columns(*KEY).limit(1).offset(wanted.looked_at - 1)
        end = connection.execute(ending).first()
    unmarked = _unmarked(wanted, now, stale_after, end)
    if unmarked is not None:
        rows += connection.execute(unmarked.where(*narrowing)).all()
        rows.sort(key=lambda row: (row.hostname, row.device_id))
    return _page(rows, wanted, end)


def _page(rows: list[Row[Any]], wanted: DeviceFilter, end: Any) -> DevicePage:
    devices = tuple(device_of(row) for row in rows[: wanted.limit])
    if len(rows) > wanted.limit:
        return DevicePage(devices, device_order.place_of(wanted.order, devices[-1]))
    return DevicePage(devices, (end.hostname, end.device_id) if end else None)


def _ordered(
    connection: Connection, wanted: DeviceFilter, now: datetime, stale_after: timedelta
) -> DevicePage:
    """In another order than by name."""
    query = (
        select(*(DEVICE.c[name] for name in SHOWN))
        .where(DEVICE.c.retired_at.is_(None), *_in_state(wanted, now - stale_after))
        .where(*_narrowing(wanted, DEVICE.c), *_few(connection, wanted))
        .order_by(*device_order.ORDERS[wanted.order])
        .limit(wanted.limit + 1)
    )
    if wanted.after is not None:
        query = query.where(device_order.after(wanted.order, wanted.after))
    return _page(list(connection.execute(query)), wanted, None)


def _walk(wanted: DeviceFilter, heard_since: datetime) -> Select[Any]:
    """Devices in the order of an index that holds the state; `+` keeps others out of the plan."""
    columns = [DEVICE.c[name] for name in WALKED]
    query = select(*columns).where(DEVICE.c.retired_at.is_(None)).order_by(*KEY)
    heard = literal_column("+device.last_seen_at", Moment)
    if wanted.state is Compliance.STALE:
        query = query.where(DEVICE.c.silent == 1, heard < heard_since)
    elif wanted.state is not None:
        query = query.where(DEVICE.c.compliance == wanted.state.value, DEVICE.c.silent == 0)
        query = query.where(heard >= heard_since)
    if wanted.after is not None:
        query = query.where(tuple_(*KEY) > tuple_(*wanted.after))
    return query


def _unmarked(
    wanted: DeviceFilter, now: datetime, stale_after: timedelta, end: Any
) -> Select[Any] | None:
    """Those whose silence began or ended since the upkeep last marked it: few, or none."""
    if wanted.state is None:
        return None
    query = select(*(DEVICE.c[name] for name in SHOWN))
    if wanted.state is Compliance.STALE:
        query = query.where(unheard(now, stale_after))
    else:
        query = query.where(heard_again(now, stale_after))
        query = query.where(DEVICE.c.compliance == wanted.state.value)
    if wanted.after is not None:
        query = query.where(tuple_(*KEY) > tuple_(*wanted.after))
    if end is not None:
        query = query.where(tuple_(*KEY) <= tuple_(end.hostname, end.device_id))
    return query.order_by(*KEY).limit(wanted.limit + 1)


def _few(connection: Connection, wanted: DeviceFilter) -> list[ColumnElement[bool]]:
    """What to begin with where that is cheaper than to walk: it leaves few devices."""
    few: list[ColumnElement[bool]] = []
    if wanted.owner:
        few.append(DEVICE.c.owner == wanted.owner)
    if wanted.group:
        few += _of_group(connection, wanted.group)
    if not few and wanted.rule_id and _is_rare(connection, wanted):
        having = select(FINDING.c.device_id).where(*_of_finding(wanted))
        few.append(DEVICE.c.device_id.in_(having))
    return few


def _is_rare(connection: Connection, wanted: DeviceFilter) -> bool:
    """The counters know, without looking at a device."""
    tally, fleet = schema.finding_tally.c, schema.device_tally.c
    having = select(func.coalesce(func.sum(tally.findings), 0)).where(
        tally.rule_id == wanted.rule_id, tally.status.in_(_statuses(wanted))
    )
    every = select(func.coalesce(func.sum(fleet.devices), 0))
    count = int(connection.execute(having).scalar_one())
    walked = wanted.limit * int(connection.execute(every).scalar_one()) // max(count, 1)
    return count <= min(MOST_RARE, walked)


def named(connection: Connection, words: str, limit: int = 20) -> list[Device]:
    """The devices a person may mean by an id, the beginning of an id, or a host name.

    A whole id is that device alone; a host name goes before the beginning of an id, and devices
    in service before retired ones.
    """
    if not words:
        return []
    retired = DEVICE.c.retired_at.is_not(None)
    begins = DEVICE.c.device_id.startswith(words, autoescape=True)
    for meant in (DEVICE.c.device_id == words, DEVICE.c.hostname == words, begins):
        query = select(*(DEVICE.c[name] for name in SHOWN)).where(meant)
        query = query.order_by(retired, DEVICE.c.hostname, DEVICE.c.device_id).limit(limit)
        found = [device_of(row) for row in connection.execute(query)]
        serving = [device for device in found if device.retired_at is None]
        if found:
            return serving or found
    return []


def _in_state(wanted: DeviceFilter, heard_since: datetime) -> list[ColumnElement[bool]]:
    if wanted.state is None:
        return []
    if wanted.state is Compliance.STALE:
        return [DEVICE.c.last_seen_at < heard_since]
    return [DEVICE.c.compliance == wanted.state.value, DEVICE.c.last_seen_at >= heard_since]


def _narrowing(wanted: DeviceFilter, seen: Any) -> list[ColumnElement[bool]]:
    """What no index of the walk holds, asked of each device that is looked at."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.platform is not None:
        conditions.append(seen.platform == wanted.platform.value)
    if wanted.text:
        conditions.append(_has_text(wanted, seen))
    if wanted.owner is not None:
        conditions.append(seen.owner == wanted.owner)
    if wanted.seen_before is not None:
        conditions.append(seen.last_seen_at < wanted.seen_before)
    if wanted.seen_since is not None:
        conditions.append(seen.last_seen_at >= wanted.seen_since)
    if wanted.rule_id or wanted.signal:
        held = exists().where(FINDING.c.device_id == seen.device_id, *_of_finding(wanted))
        conditions.append(held)
    return conditions


def _has_text(wanted: DeviceFilter, seen: Any) -> ColumnElement[bool]:
    text = wanted.text.casefold()
    described: ColumnElement[bool] = seen.searched.contains(text, autoescape=True)
    if not wanted.text_of_owner:
        return described
    return or_(described, seen.owner.contains(text, autoescape=True))


def _of_group(connection: Connection, name: str) -> list[ColumnElement[bool]]:
    """A small group is read whole and sorted; beside a large one the list is walked in order."""
    member = schema.membership
    size = select(schema.fleet_group.c.devices).where(schema.fleet_group.c.name == name)
    if (connection.execute(size).scalar() or 0) <= SMALL_GROUP:
        within = select(member.c.device_id).where(member.c.group_name == name)
        return [DEVICE.c.device_id.in_(within)]
    mine = (member.c.group_name == name, member.c.device_id == DEVICE.c.device_id)
    return [exists().where(*mine)]


def _of_finding(wanted: DeviceFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        FINDING.c.closed_at.is_(None),
        FINDING.c.status.in_(_statuses(wanted)),
    ]
    if wanted.rule_id:
        conditions.append(FINDING.c.rule_id == wanted.rule_id)
    if wanted.signal:
        conditions.append(FINDING.c.signal == wanted.signal)
    if wanted.cause is not None:
        conditions.append(FINDING.c.cause == wanted.cause)
    return conditions


def _statuses(wanted: DeviceFilter) -> list[str]:
    if wanted.status is not None:
        return [wanted.status.value]
    return [Status.FAIL.value, Status.UNKNOWN.value]
