"""The devices page's questions: who falls short, page by page, without counting everything.

Silence is part of the state people see, and it passes with time: it is asked for in the query.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from collector.model import Compliance, Device, Platform, Status
from collector.store import device_order, schema
from collector.store.device_rows import SHOWN, device_of

DEVICE = schema.device
FINDING = schema.finding
SMALL_GROUP = 5_000


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


@dataclass(frozen=True, slots=True)
class DevicePage:
    """Devices in order; `next_after` is None on the last page."""

    devices: tuple[Device, ...]
    next_after: tuple[str, str] | None


def find(
    connection: Connection, wanted: DeviceFilter, now: datetime, stale_after: timedelta
) -> DevicePage:
    """One page of the devices in service."""
    query = (
        select(*(DEVICE.c[name] for name in SHOWN))
        .where(DEVICE.c.retired_at.is_(None), *_conditions(wanted, now - stale_after))
        .where(*_of_group(connection, wanted.group))
        .order_by(*device_order.ORDERS[wanted.order])
        .limit(wanted.limit + 1)
    )
    if wanted.after is not None:
        query = query.where(device_order.after(wanted.order, wanted.after))
    devices = tuple(device_of(row) for row in connection.execute(query))
    page = devices[: wanted.limit]
    more = len(devices) > wanted.limit
    return DevicePage(page, device_order.place_of(wanted.order, page[-1]) if more else None)


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


def _conditions(wanted: DeviceFilter, heard_since: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is Compliance.STALE:
        conditions.append(DEVICE.c.last_seen_at < heard_since)
    elif wanted.state is not None:
        conditions.append(DEVICE.c.compliance == wanted.state.value)
        conditions.append(DEVICE.c.last_seen_at >= heard_since)
    if wanted.platform is not None:
        conditions.append(DEVICE.c.platform == wanted.platform.value)
    if wanted.text:
        conditions.append(_has_text(wanted))
    conditions += _whose_and_when(wanted)
    if wanted.rule_id or wanted.signal:
        conditions.append(_has_finding(wanted))
    return conditions


def _whose_and_when(wanted: DeviceFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.owner is not None:
        conditions.append(DEVICE.c.owner == wanted.owner)
    if wanted.seen_before is not None:
        conditions.append(DEVICE.c.last_seen_at < wanted.seen_before)
    if wanted.seen_since is not None:
        conditions.append(DEVICE.c.last_seen_at >= wanted.seen_since)
    return conditions


def _has_text(wanted: DeviceFilter) -> ColumnElement[bool]:
    text = wanted.text.casefold()
    described = DEVICE.c.searched.contains(text, autoescape=True)
    if not wanted.text_of_owner:
        return described
    return or_(described, DEVICE.c.owner.contains(text, autoescape=True))


def _of_group(connection: Connection, name: str) -> list[ColumnElement[bool]]:
    """A small group is read whole and sorted; beside a large one the list is walked in order."""
    if not name:
        return []
    member = schema.membership
    size = select(schema.fleet_group.c.devices).where(schema.fleet_group.c.name == name)
    if (connection.execute(size).scalar() or 0) <= SMALL_GROUP:
        within = select(member.c.device_id).where(member.c.group_name == name)
        return [DEVICE.c.device_id.in_(within)]
    mine = (member.c.group_name == name, member.c.device_id == DEVICE.c.device_id)
    return [exists().where(*mine)]


def _has_finding(wanted: DeviceFilter) -> ColumnElement[bool]:
    statuses = [wanted.status] if wanted.status else [Status.FAIL, Status.UNKNOWN]
    conditions: list[Any] = [
        FINDING.c.device_id == DEVICE.c.device_id,
        FINDING.c.closed_at.is_(None),
        FINDING.c.status.in_([status.value for status in statuses]),
    ]
    if wanted.rule_id:
        conditions.append(FINDING.c.rule_id == wanted.rule_id)
    if wanted.signal:
        conditions.append(FINDING.c.signal == wanted.signal)
    if wanted.cause is not None:
        conditions.append(FINDING.c.cause == wanted.cause)
    return exists().where(*conditions)
