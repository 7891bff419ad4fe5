"""The devices page's questions: who falls short, page by page, without counting everything.

Silence is part of the state people see, and it passes with time: it is asked for in the query.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    func,
    literal_column,
    select,
    tuple_,
    union_all,
)

from collector.model import Compliance, Device
from collector.store import device_order
from collector.store.columns import Moment
from collector.store.device_few import few
from collector.store.device_filter import (
    DEVICE,
    DeviceFilter,
    DevicePage,
    in_state,
    is_impossible,
    narrowing,
)
from collector.store.device_rows import SHOWN, device_of
from collector.store.tallies import MOST_UNMARKED, heard_again, unheard

KEY = (DEVICE.c.hostname, DEVICE.c.device_id)
WALKED = tuple(dict.fromkeys((*SHOWN, "searched")))
NOTHING = DevicePage((), None)


def find(
    connection: Connection, wanted: DeviceFilter, now: datetime, stale_after: timedelta
) -> DevicePage:
    """One page of the devices in service: of the few that may be meant, or a walk in order."""
    ids = few(connection, wanted, now - stale_after)
    if ids is not None:
        return find_among(connection, wanted, ids, now - stale_after)
    return walk(connection, wanted, now, stale_after)


def find_among(
    connection: Connection, wanted: DeviceFilter, ids: Sequence[str], heard_since: datetime
) -> DevicePage:
    """Of these devices, those that are wanted. Also in the order `device_order.WORST`."""
    chosen = select(func.json_each(json.dumps(ids)).table_valued("value").c.value)
    query = (
        select(*(DEVICE.c[name] for name in SHOWN))
        .where(DEVICE.c.device_id.in_(chosen), DEVICE.c.retired_at.is_(None))
        .where(*in_state(wanted, DEVICE.c, heard_since), *narrowing(wanted, DEVICE.c))
        .order_by(*device_order.key(wanted.order, heard_since))
        .limit(wanted.limit + 1)
    )
    if wanted.after is not None:
        query = query.where(device_order.after(wanted.order, wanted.after, heard_since))
    rows = list(connection.execute(query))
    return _page(rows, wanted, None, heard_since)


def walk(
    connection: Connection, wanted: DeviceFilter, now: datetime, stale_after: timedelta
) -> DevicePage:
    """In the order that is asked for, looking at `looked_at` devices at most.

    When these do not fill the page, it is shorter, maybe empty, and `next_after` leads on.
    """
    if is_impossible(wanted, now - stale_after):
        return NOTHING
    if wanted.order != device_order.NAME:
        return _walk_in_order(connection, wanted, now - stale_after)
    walked = _by_name(wanted, now - stale_after)
    seen = walked.limit(wanted.looked_at).subquery("seen")
    matching = select(*(seen.c[name] for name in SHOWN)).where(*narrowing(wanted, seen.c))
    rows = list(connection.execute(matching.limit(wanted.limit + 1)))
    end = None
    if len(rows) <= wanted.limit:
        ending = walked.with_only_columns(*(DEVICE.c[name] for name in SHOWN))
        end = connection.execute(ending.limit(1).offset(wanted.looked_at - 1)).first()
    unmarked = _unmarked(wanted, now, stale_after, end)
    if unmarked is not None:
        rows += connection.execute(unmarked).all()
        rows.sort(key=lambda row: (row.hostname, row.device_id))
    return _page(rows, wanted, end, now - stale_after)


def _walk_in_order(
    connection: Connection, wanted: DeviceFilter, heard_since: datetime
) -> DevicePage:
    asked = (*in_state(wanted, DEVICE.c, heard_since), *narrowing(wanted, DEVICE.c))
    looked_at = wanted.looked_at // (2 if wanted.order == device_order.SEEN else 1)
    most = max(looked_at, 1) if asked else wanted.limit + 1
    walked = _in_order(wanted, most)
    seen = _whole(walked.limit(most)) if wanted.order == device_order.SEEN else walked
    seen = seen.limit(most).subquery("seen")
    conditions = (*in_state(wanted, seen.c, heard_since), *narrowing(wanted, seen.c))
    matching = select(*(seen.c[name] for name in SHOWN)).where(*conditions)
    rows = list(connection.execute(matching.limit(wanted.limit + 1)))
    end = None
    if asked and len(rows) <= wanted.limit:
        ending = walked.limit(1).offset(most - 1)
        end = connection.execute(
            _whole(ending) if wanted.order == device_order.SEEN else ending
        ).first()
    return _page(rows, wanted, end, heard_since)


def _whole(keys: Select[Any]) -> Select[Any]:
    """The devices of which an index has given the keys, in their order."""
    met = keys.subquery("met")
    columns = [DEVICE.c[name] for name in WALKED]
    return select(*columns).select_from(met).join(DEVICE, DEVICE.c.device_id == met.c.device_id)


def _in_order(wanted: DeviceFilter, most: int) -> Any:
    """Devices in service in another order than by name, by an index.

    In the order of the last sign two parts of an index are merged: their keys alone.
    """
    ordered = device_order.ORDERS[wanted.order]
    columns = ordered if wanted.order == device_order.SEEN else [DEVICE.c[n] for n in WALKED]
    query = select(*columns).where(DEVICE.c.retired_at.is_(None))
    if wanted.after is not None:
        query = query.where(device_order.after(wanted.order, wanted.after))
    if wanted.order != device_order.SEEN:
        return query.order_by(*ordered)
    parts = []
    for silent in (1, 0):
        part = query.where(DEVICE.c.silent == silent).order_by(*ordered).limit(most)
        parts.append(select(part.subquery(f"silent_{silent}")))
    both = union_all(*parts).subquery("both")
    return select(both).order_by(*(both.c[column.name] for column in ordered))


def _page(
    rows: list[Row[Any]], wanted: DeviceFilter, end: Any, heard_since: datetime
) -> DevicePage:
    devices = tuple(device_of(row) for row in rows[: wanted.limit])
    last: Device | None = None
    if len(rows) > wanted.limit:
        last = devices[-1]
    elif end is not None:
        last = device_of(end)
    following = device_order.place_of(wanted.order, last, heard_since) if last else None
    return DevicePage(devices, following)


def _by_name(wanted: DeviceFilter, heard_since: datetime) -> Select[Any]:
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
    """Those whose silence began or ended since the upkeep last marked it: few, or none.

    They are met by the time of the last sign alone, whatever else is asked of them.
    """
    if wanted.state is None:
        return None
    met = select(*(DEVICE.c[name] for name in WALKED))
    if wanted.state is Compliance.STALE:
        met = met.where(unheard(now, stale_after))
    else:
        met = met.where(heard_again(now, stale_after))
    seen = met.limit(MOST_UNMARKED).subquery("seen")
    key = (seen.c.hostname, seen.c.device_id)
    query = select(*(seen.c[name] for name in SHOWN)).where(*narrowing(wanted, seen.c))
    if wanted.state is not Compliance.STALE:
        query = query.where(seen.c.compliance == wanted.state.value)
    if wanted.after is not None:
        query = query.where(tuple_(*key) > tuple_(*wanted.after))
    if end is not None:
        query = query.where(tuple_(*key) <= tuple_(end.hostname, end.device_id))
    return query.order_by(*key).limit(wanted.limit + 1)


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
