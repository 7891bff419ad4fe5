"""Since when the collector has known of a thing on a device, such as a pending update."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from collector.store.schema import tracked

FirstSeen = dict[str, dict[str, datetime]]

KNOWN = select(tracked.c.rule_id, tracked.c.key, tracked.c.first_seen_at).where(
    tracked.c.device_id == bindparam("of_device")
)
INSERT = insert(tracked)


def first_seen(connection: Connection, device_id: str) -> FirstSeen:
    """By rule and key."""
    found: FirstSeen = {}
    for rule_id, key, at in connection.execute(KNOWN, {"of_device": device_id}):
        found.setdefault(rule_id, {})[key] = at
    return found


def remember(
    connection: Connection, device_id: str, keys: Mapping[str, Collection[str]], at: datetime
) -> FirstSeen:
    """Note what is new as first seen `at`, and answer everything that is known."""
    known = first_seen(connection, device_id)
    for rule_id, named in keys.items():
        of_rule = known.setdefault(rule_id, {})
        for key in sorted(set(named) - of_rule.keys()):
            row = {"device_id": device_id, "rule_id": rule_id, "key": key, "first_seen_at": at}
            connection.execute(INSERT, row)
            of_rule[key] = at
    return known


def forget_others(
    connection: Connection, device_id: str, keys: Mapping[str, Collection[str]]
) -> None:
    """Forget what these rules no longer name. A rule that is not in `keys` forgets nothing:
    what was not seen has not gone away.
    """
    for rule_id, known in first_seen(connection, device_id).items():
        if rule_id not in keys:
            continue
        for key in sorted(known.keys() - set(keys[rule_id])):
            connection.execute(
                delete(tracked).where(
                    tracked.c.device_id == device_id,
                    tracked.c.rule_id == rule_id,
                    tracked.c.key == key,
                )
            )
