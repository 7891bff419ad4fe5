"""Erasure: every row of every table that is about a device is gone afterwards.

A table that gets a column `device_id` later is cleared too, without anybody thinking of it. The
audit log is no table of the store: it stays, and names the device by its id.
"""

from sqlalchemy import Connection, delete, func, select, update

from collector.store import continuations
from collector.store.schema import device, device_past, event, fingerprint, metadata

COLUMN = "device_id"
NAMED_BY_OTHERS = ("same hardware as {},", "the hardware of {} (")
"""How enrolment names a device in what is said of another."""
NAMELESS = "a forgotten device"


def forget_device(connection: Connection, device_id: str) -> None:
    """Take it away. It should be retired first, so that what is counted is right."""
    _unname(connection, device_id)
    continuations.forget(connection, device_id)
    named = [table for table in metadata.sorted_tables if COLUMN in table.c]
    # The device first: what counts it and its turns still sees all of them.
    for table in (
        device,
        *named,
        *named,
    ):  # a trigger may note into one table what goes from another
        connection.execute(delete(table).where(table.c[COLUMN] == device_id))


def _unname(connection: Connection, device_id: str) -> None:
    """Others that shared hardware with it say so; they go on, without its name."""
    known = select(device.c.hostname).where(device.c.device_id == device_id)
    hostname = connection.execute(known).scalar()
    if not hostname:
        return
    parts = select(fingerprint.c.part, fingerprint.c.value)
    mine = parts.where(fingerprint.c.device_id == device_id)
    others: set[str] = set()
    for part, value in connection.execute(mine).all():
        alike = select(fingerprint.c.device_id).where(
            fingerprint.c.part == part, fingerprint.c.value == value
        )
        others.update(connection.execute(alike).scalars())
    for column in (device.c.quarantined_because, device_past.c.quarantined_because, event.c.detail):
        said = column.expression
        for form in NAMED_BY_OTHERS:
            said = func.replace(said, form.format(hostname), form.format(NAMELESS))
        of_others = update(column.table).where(column.table.c[COLUMN].in_(others))
        connection.execute(of_others.values({column.name: said}))


def tables_about_devices() -> list[str]:
    return sorted(table.name for table in metadata.sorted_tables if COLUMN in table.c)
