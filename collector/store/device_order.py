"""The orders of a list of devices: each walks an index, and each page goes on where one ended.

A place in an order is the pair (what it is ordered by, device id), both as text.
"""

from typing import Any

from sqlalchemy import ColumnElement, literal, tuple_

from collector.model import Device
from collector.store.columns import EPOCH, MILLISECOND, Moment
from collector.store.schema import device

NAME, SINCE, SEEN, SEVERITY = "name", "since", "seen", "severity"
ORDERS: dict[str, tuple[Any, ...]] = {
    NAME: (device.c.hostname, device.c.device_id),
    SINCE: (device.c.compliance_since, device.c.device_id),
    SEEN: (device.c.last_seen_at, device.c.device_id),
    SEVERITY: (device.c.severity, device.c.hostname, device.c.device_id),
}
"""By host name; the longest in its state first; the longest unheard of first; the worst first."""


def after(order: str, place: tuple[str, str]) -> ColumnElement[bool]:
    """What comes behind this place. A place that means nothing is the beginning."""
    first, device_id = place
    values: tuple[object, ...] = (first, device_id)
    if order in (SINCE, SEEN):
        at = EPOCH + _number(first) * MILLISECOND
        values = (literal(at, Moment()), device_id)
    elif order == SEVERITY:
        rank, _, hostname = first.partition(" ")
        values = (_number(rank), hostname, device_id)
    return tuple_(*ORDERS[order]) > tuple_(*values)


def place_of(order: str, last: Device) -> tuple[str, str]:
    """Where this device stands."""
    if order == NAME:
        return last.hostname, last.device_id
    if order == SEVERITY:
        return f"{last.severity} {last.hostname}", last.device_id
    at = last.compliance_since if order == SINCE else last.last_seen_at
    return str(((at or EPOCH) - EPOCH) // MILLISECOND), last.device_id


def _number(text: str) -> int:
    plain = text.removeprefix("-")
    fits = plain.isascii() and plain.isdigit() and len(plain) <= 14
    return int(text) if fits else 0
