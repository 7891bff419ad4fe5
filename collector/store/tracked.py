"""Since when the collector has known of a thing on a device, such as a pending update."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from collector.store.prepared import Prepared
from collector.store.schema import tracked

FirstSeen = dict[str, dict[str, datetime]]

OF_DEVICE = tracked.c.device_id == bindparam("of_device")
KNOWN = Prepared(select(tracked.c.rule_id, tracked.c.key, tracked.c.first_seen_at).where(OF_DEVICE))
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


def remember(
    connection: Connection, device_id: str, keys: Mapping[str, Collection[str]], at: datetime
) -> FirstSeen:
    """Note what is new as first seen `at`, and answer everything that is known."""
    known = first_seen(connection, device_id)
    new = []
    for rule_id, named in keys.items():
        of_rule = known.setdefault(rule_id, {})
        for key in sorted(set(named) - of_rule.keys()):
            new.append(
                {"device_id": device_id, "rule_id": rule_id, "key": key, "first_seen_at": at}
            )
            of_rule[key] = at
    if new:
        INSERT.run(connection, *new)
    return known


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
