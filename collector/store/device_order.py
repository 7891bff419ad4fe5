"""The orders of a list of devices: each walks an index, and each page goes on where one ended.

A place in an order is the pair (what it is ordered by, device id), both as text.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, literal, tuple_

from collector.model import Compliance, Device
from collector.store.columns import EPOCH, MILLISECOND, Moment
from collector.store.schema import device

NAME, SINCE, SEEN, SEVERITY = "name", "since", "seen", "severity"
WORST = "worst"
"""By state and then by name: no index holds it, so only the few are sorted so."""
STATES = (
    Compliance.NON_COMPLIANT,
    Compliance.UNKNOWN,
    Compliance.STALE,
    Compliance.COMPLIANT,
)
ORDERS: dict[str, tuple[Any, ...]] = {
    NAME: (device.c.hostname, device.c.device_id),
    SINCE: (device.c.compliance_since, device.c.device_id),
    SEEN: (device.c.last_seen_at, device.c.device_id),
    SEVERITY: (device.c.severity, device.c.hostname, device.c.device_id),
}
"""By host name; the longest in its state first; the longest unheard of first; the worst first."""


def key(order: str, heard_since: datetime) -> tuple[Any, ...]:
    """What the few are sorted by. Whoever was not heard of since then is silent."""
    if order != WORST:
        return ORDERS[order]
    ranks = {state.value: rank for rank, state in enumerate(STATES)}
    silent = (device.c.last_seen_at < heard_since, ranks[Compliance.STALE])
    rank = case(silent, else_=case(ranks, value=device.c.compliance))
    return (rank, *ORDERS[NAME])


def after(order: str, place: tuple[str, str], heard_since: datetime = EPOCH) -> ColumnElement[bool]:
    """What comes behind this place. A place that means nothing is the beginning."""
    first, device_id = place
    values: tuple[object, ...] = (first, device_id)
    if order in (SINCE, SEEN):
        at = EPOCH + _number(first) * MILLISECOND
        values = (literal(at, Moment()), device_id)
    elif order in (SEVERITY, WORST):
        rank, _, hostname = first.partition(" ")
        values = (_number(rank), hostname, device_id)
    return tuple_(*key(order, heard_since)) > tuple_(*values)


def place_of(order: str, last: Device, heard_since: datetime = EPOCH) -> tuple[str, str]:
    """Where this device stands."""
    if order == NAME:
        return last.hostname, last.device_id
    if order == SEVERITY:
        return f"{last.severity} {last.hostname}", last.device_id
    if order == WORST:
        silent = last.last_seen_at is not None and last.last_seen_at < heard_since
        state = Compliance.STALE if silent else last.compliance
        return place_in(state, last.hostname, last.device_id)
    at = last.compliance_since if order == SINCE else last.last_seen_at
    return str(((at or EPOCH) - EPOCH) // MILLISECOND), last.device_id


def place_in(state: Compliance, hostname: str, device_id: str) -> tuple[str, str]:
    """In the order of the worst state."""
    return f"{STATES.index(state)} {hostname}", device_id


def _number(text: str) -> int:
    plain = text.removeprefix("-")
    fits = plain.isascii() and plain.isdigit() and len(plain) <= 14
    return int(text) if fits else 0
