"""The tables as one SQLite file, ready to be queried or served by Datasette; made by sqlite-utils.

Every text is as it came: a database runs nothing that stands in a cell.
"""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

from sqlite_utils import Database

from collector.export.columns import CHANGES, DEVICES, FINDINGS, TABLES, WAIVERS, Table
from collector.export.heading import Heading, Totals
from collector.export.safe import moment

FILE = "posture.sqlite"
AT_ONCE = 250
KEYS = {"devices": "device_id", "findings": ("device_id", "rule_id")}
LINKS = {"findings": [("device_id", "devices", "device_id")]}
"""Waivers and changes also name devices that are in no other table."""
INDEXES = (
    (DEVICES, "compliance"),
    (FINDINGS, "rule_id"),
    (FINDINGS, "status"),
    (WAIVERS, "ends_at"),
    (CHANGES, "change"),
)


class Writer:
    """Filled without a journal: the file is there whole, or the whole pack is not."""

    def __init__(self, folder: Path, heading: Heading) -> None:
        self._path = folder / FILE
        self._database = Database(self._path)
        self._heading = heading
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "page_size=4096"):
            self._database.execute(f"PRAGMA {pragma}")
        self._inserts = {table.name: self._begun(table) for table in TABLES}
        self._waiting: dict[str, list[Sequence[Any]]] = {table.name: [] for table in TABLES}
        self._database.execute("BEGIN")

    def _begun(self, table: Table) -> str:
        kinds = {name: _kind(hint) for name, hint in get_type_hints(table.row).items()}
        held: Any = self._database[table.name]
        held.create(kinds, pk=KEYS.get(table.name), foreign_keys=LINKS.get(table.name))
        marks = ", ".join("?" * len(table.columns))
        return f"INSERT INTO [{table.name}] VALUES ({marks})"  # noqa: S608 - our own names

    def write(self, table: Table, values: Sequence[Any], told: Sequence[Any]) -> None:
        waiting = self._waiting[table.name]
        waiting.append(told)
        if len(waiting) >= AT_ONCE:
            self._flush(table.name)

    def _flush(self, name: str) -> None:
        self._database.conn.executemany(self._inserts[name], self._waiting[name])
        self._waiting[name].clear()

    def finish(self, totals: Totals) -> None:
        for table in TABLES:
            self._flush(table.name)
        self._database.execute("COMMIT")
        for table, column in INDEXES:
            self._database[table.name].create_index([column])  # type: ignore[union-attr]
        heading = self._heading
        self._database["pack"].insert(  # type: ignore[union-attr]
            {
                "as_of": moment(heading.as_of),
                "since": moment(heading.since) if heading.since else None,
                "collector": heading.collector,
                "environment": heading.environment,
                "policy_version": heading.policy_version,
                "scope": heading.scope,
            }
        )
        self._database.close()
        with self._path.open("rb+") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        self._database.close()


def _kind(hint: Any) -> type:
    """Times are text in SQLite, as ISO 8601; what may be empty is of its other type."""
    wanted = next((each for each in get_args(hint) if each is not type(None)), hint)
    return str if wanted is datetime else wanted
