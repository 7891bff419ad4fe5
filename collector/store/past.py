"""What is about to be overwritten is kept with its end, so that any past moment can be told again.

A row says what held until its `until_at`; what holds now stands in the tables of the present.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select
from sqlalchemy.dialects.sqlite import insert

from collector.store.columns import Moment
from collector.store.prepared import Prepared
from collector.store.schema import (
    absence,
    device,
    device_past,
    finding,
    finding_past,
    groups_past,
)

A_DAY = timedelta(days=1)
"""Shorter silences are not kept: what people are shown counts in days."""

UNTIL = bindparam("until_at", type_=Moment())
DESCRIBED = tuple(c.name for c in device_past.c if c.name not in ("device_id", "until_at"))
SAID_BY_THE_DEVICE = tuple(name for name in DESCRIBED if name != "quarantined_because")
SEPARATOR = "\n"
WORDS = ("because", "evidence", "cause")
KEPT = (*WORDS, "told")
"""`told` is `because` taken apart: it is kept with it, and alone is no other word."""


def _keep_device(*conditions: ColumnElement[bool]) -> Prepared:
    """Two changes of one millisecond: what was before the first is what held until then."""
    columns = ("device_id", "until_at", *DESCRIBED)
    before = select(device.c.device_id, UNTIL, *(device.c[name] for name in DESCRIBED))
    before = before.where(device.c.device_id == bindparam("of_device"), *conditions)
    return Prepared(insert(device_past).from_select(columns, before).on_conflict_do_nothing())


def _differ(table: Any, names: Iterable[str], prefix: str = "") -> ColumnElement[bool]:
    return or_(*(table.c[name] != bindparam(prefix + name) for name in names))


DEVICE_IF_CHANGED = _keep_device(_differ(device, SAID_BY_THE_DEVICE))
DEVICE = _keep_device()
GROUPS = Prepared(insert(groups_past).on_conflict_do_nothing())
_KEPT_WORDS = select(
    finding.c.device_id, finding.c.rule_id, UNTIL, *(finding.c[name] for name in KEPT)
).where(
    finding.c.device_id == bindparam("of_device"),
    finding.c.rule_id == bindparam("of_rule"),
    finding.c.closed_at.is_(None),
    _differ(finding, WORDS, "new_"),
)
FINDING_IF_CHANGED = Prepared(
    insert(finding_past)
    .from_select(("device_id", "rule_id", "until_at", *KEPT), _KEPT_WORDS)
    .on_conflict_do_nothing()
)
ABSENCE = Prepared(insert(absence).on_conflict_do_nothing())


def keep_description_if_changed(
    connection: Connection, device_id: str, described: Mapping[str, Any], at: datetime
) -> None:
    """Before the device's row is set to `described`: keep it where that says something else."""
    DEVICE_IF_CHANGED.run(connection, {**described, "of_device": device_id, "until_at": at})


def keep_description(connection: Connection, device_id: str, at: datetime) -> None:
    """Before what people decided about the device changes."""
    DEVICE.run(connection, {"of_device": device_id, "until_at": at})


def keep_groups(connection: Connection, before: Mapping[str, Iterable[str]], at: datetime) -> None:
    """Before devices come into a group or leave it; `before` holds the groups of each device."""
    GROUPS.run(
        connection,
        *(
            {"device_id": device_id, "until_at": at, "names": SEPARATOR.join(names)}
            for device_id, names in before.items()
        ),
    )


def keep_words(connection: Connection, changes: Iterable[Mapping[str, Any]]) -> None:
    """Before open findings get other words; `changes` as `findings.move` refreshes them."""
    until = ({**change, "until_at": change["new_evaluated_at"]} for change in changes)
    FINDING_IF_CHANGED.run(connection, *until)


def keep_absence(
    connection: Connection, device_id: str, last_seen_at: datetime, now: datetime
) -> None:
    """At a check-in: how long there was none before it, when that was a day or more."""
    if now - last_seen_at >= A_DAY:
        gap = {"device_id": device_id, "from_at": last_seen_at, "until_at": now}
        ABSENCE.run(connection, gap)
