"""Since when the collector has known of a thing on a device, such as a pending update."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from collector.store.columns import CHOSEN, chosen
from collector.store.prepared import Prepared
from collector.store.schema import tracked

FirstSeen = dict[str, dict[str, datetime]]

OF_DEVICE = tracked.c.device_id == bindparam("of_device")
KNOWN = Prepared(select(tracked.c.rule_id, tracked.c.key, tracked.c.first_seen_at).where(OF_DEVICE))
KNOWN_OF_MANY = Prepared(select(tracked).where(tracked.c.device_id.in_(CHOSEN)))
INSERT = Prepared(insert(tracked))
FORGET = Prepared(
    delete(tracked).where(
        OF_DEVICE,
        tracked.c.rule_id == bindparam("of_rule"),
        tracked.c.key == bindparam("of_key"),
    )
)


def first_seen(connection: Connection, device_id: str) -> FirstSeen:
    """By rule and key."""
    found: FirstSeen = {}
    for rule_id, key, at in KNOWN.rows(connection, of_device=device_id):
        found.setdefault(rule_id, {})[key] = at
    return found


@dataclass(frozen=True, slots=True)
class Sight:
    """What a device names now, by rule; what is new of it was first seen `at`."""

    keys: Mapping[str, Collection[str]]
    at: datetime


def remember(
    connection: Connection, device_id: str, keys: Mapping[str, Collection[str]], at: datetime
) -> FirstSeen:
    """Note what is new as first seen `at`, and answer everything that is known."""
    return remember_all(connection, {device_id: Sight(keys, at)})[device_id]


def remember_all(connection: Connection, sights: Mapping[str, Sight]) -> dict[str, FirstSeen]:
    """As `remember`, of many devices, by their ids."""
    known = _known_of(connection, sights)
    new = [row for device_id, sight in sights.items() for row in _new(device_id, sight, known)]
    if new:
        INSERT.run(connection, *new)
    return known


def _known_of(connection: Connection, device_ids: Collection[str]) -> dict[str, FirstSeen]:
    if len(device_ids) == 1:
        return {device_id: first_seen(connection, device_id) for device_id in device_ids}
    found: dict[str, FirstSeen] = {device_id: {} for device_id in device_ids}
    for device_id, rule_id, key, at in KNOWN_OF_MANY.rows(connection, ids=chosen(device_ids)):
        found[device_id].setdefault(rule_id, {})[key] = at
    return found


def _new(device_id: str, sight: Sight, known: dict[str, FirstSeen]) -> Iterator[dict[str, object]]:
    """What is not known yet; it is from here on."""
    for rule_id, named in sight.keys.items():
        of_rule = known[device_id].setdefault(rule_id, {})
        for key in sorted(set(named) - of_rule.keys()):
            of_rule[key] = sight.at
            yield {
                "device_id": device_id,
                "rule_id": rule_id,
                "key": key,
                "first_seen_at": sight.at,
            }


def forget_others(
    connection: Connection,
    device_id: str,
    keys: Mapping[str, Collection[str]],
    known: FirstSeen,
) -> None:
    """Forget of `known` what these rules no longer name. A rule that is not in `keys` forgets
    nothing: what was not seen has not gone away.
    """
    gone = [
        {"of_device": device_id, "of_rule": rule_id, "of_key": key}
        for rule_id in known.keys() & keys.keys()
        for key in sorted(known[rule_id].keys() - set(keys[rule_id]))
    ]
    if gone:
        FORGET.run(connection, *gone)
