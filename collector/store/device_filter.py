"""What is asked about devices, and what of it is asked of each row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_

from collector.model import Compliance, Device, Platform, Status
from collector.store import letters, schema
from collector.store.device_order import NAME

DEVICE = schema.device
FINDING = schema.finding
MEMBER = schema.membership
MOST_LOOKED_AT, MOST_COMPARED = 3_000, 6_000


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
    order: str = NAME
    after: tuple[str, str] | None = None
    limit: int = 100
    most_looked_at: int = 0

    @property
    def looked_at(self) -> int:
        """A text is sooner compared than a finding is looked up."""
        cheap = self.text and not self.rule_id and not self.signal
        return self.most_looked_at or (MOST_COMPARED if cheap else MOST_LOOKED_AT)

    @property
    def statuses(self) -> list[str]:
        if self.status is not None:
            return [self.status.value]
        return [Status.FAIL.value, Status.UNKNOWN.value]


@dataclass(frozen=True, slots=True)
class DevicePage:
    """Devices in order; `next_after` is None on the last page. See `find` for short pages."""

    devices: tuple[Device, ...]
    next_after: tuple[str, str] | None


def is_impossible(wanted: DeviceFilter, heard_since: datetime) -> bool:
    """The state and the time of the last sign of life exclude each other."""
    if wanted.state is Compliance.STALE:
        return wanted.seen_since is not None and wanted.seen_since >= heard_since
    before = wanted.seen_before
    return wanted.state is not None and before is not None and before <= heard_since


def in_state(wanted: DeviceFilter, seen: Any, heard_since: datetime) -> list[ColumnElement[bool]]:
    if wanted.state is None:
        return []
    if wanted.state is Compliance.STALE:
        return [seen.last_seen_at < heard_since]
    return [seen.compliance == wanted.state.value, seen.last_seen_at >= heard_since]


def narrowing(wanted: DeviceFilter, seen: Any) -> list[ColumnElement[bool]]:
    """All that is asked but the state; `seen` are the columns of a device."""
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
    if wanted.group:
        mine = (MEMBER.c.group_name == wanted.group, MEMBER.c.device_id == seen.device_id)
        conditions.append(exists().where(*mine))
    if wanted.rule_id or wanted.signal:
        held = exists().where(FINDING.c.device_id == seen.device_id, *of_finding(wanted))
        conditions.append(held)
    return conditions


def of_finding(wanted: DeviceFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        FINDING.c.closed_at.is_(None),
        FINDING.c.status.in_(wanted.statuses),
    ]
    if wanted.rule_id:
        conditions.append(FINDING.c.rule_id == wanted.rule_id)
    if wanted.signal:
        conditions.append(FINDING.c.signal == wanted.signal)
    if wanted.cause is not None:
        conditions.append(FINDING.c.cause == wanted.cause)
    return conditions


def _has_text(wanted: DeviceFilter, seen: Any) -> ColumnElement[bool]:
    described = letters.matches(wanted.text, seen.searched)
    if not wanted.text_of_owner:
        return described
    return or_(described, letters.matches_owner(wanted.text, seen.owner))
