"""Erasure: every row of every table that is about a device is gone afterwards.

A table that gets a column `device_id` later is cleared too, without anybody thinking of it. The
audit log is no table of the store: it stays, and names the device by its id.
"""

from sqlalchemy import Connection, delete

from collector.store.schema import metadata

COLUMN = "device_id"


def forget_device(connection: Connection, device_id: str) -> None:
    """Take it away. It should be retired first, so that what is counted is right."""
    named = [table for table in metadata.sorted_tables if COLUMN in table.c]
    for table in (*named, *named):  # a trigger may note into one table what goes from another
        connection.execute(delete(table).where(table.c[COLUMN] == device_id))


def tables_about_devices() -> list[str]:
    return sorted(table.name for table in metadata.sorted_tables if COLUMN in table.c)
