"""What is acknowledged is on disk: the one door to the collector's database.

Everything else asks through a `Store` and the functions of its noun modules (`devices`,
`findings`, …), which take the connection of the transaction they run in.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlite_utils import Database

from collector.clock import Clock, system_clock
from collector.store.engine import (
    READER_CACHE_KIB,
    named_troubles,
    open_readers,
    prepare_folder,
)
from collector.store.errors import (
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreTooNew,
    damaged,
)
from collector.store.migrating import bring_up_to_date
from collector.store.writer import Writer

__all__ = [
    "Connection",
    "Store",
    "StoreBusy",
    "StoreDamaged",
    "StoreError",
    "StoreFull",
    "StoreTooNew",
]

FILE_NAME = "collector.sqlite3"

T = TypeVar("T")


class Store:
    """One database file: many readers, one writer."""

    def __init__(self, path: Path, writer: Writer, readers: Engine) -> None:
        self.path = path
        self._writer = writer
        self._readers = readers

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        create: bool = True,
        clock: Clock = system_clock,
        cache_kib: int = READER_CACHE_KIB,
    ) -> "Store":
        """Open `folder`/collector.sqlite3 and migrate it; raises a `StoreError` that says why not.

        After a crash nothing needs doing: SQLite replays its log here. `cache_kib` is for each
        reader.
        """
        path = folder / FILE_NAME
        prepare_folder(path, create=create)

        def prepare(database: Database, engine: Engine) -> None:
            bring_up_to_date(database, engine, path, clock())

        return cls(path, Writer(path, prepare), open_readers(path, cache_kib))

    def read(self, query: Callable[[Connection], T]) -> T:
        """Answer `query` from one consistent moment of the data; any thread may ask."""
        with named_troubles(self.path), self._readers.begin() as connection:
            return query(connection)

    def write(self, change: Callable[[Connection], T]) -> T:
        """Run `change` in one transaction; on return it is durable."""
        return self._writer.write(change)

    async def submit(self, change: Callable[[Connection], T]) -> T:
        """As `write` without blocking; changes that come together share one commit."""
        return await self._writer.submit(change)

    def check(self) -> None:
        """Read every page (about a second for each 500 MB); raises `StoreDamaged`."""

        def quick_check(connection: Connection) -> str:
            return str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())

        said = self.read(quick_check)
        if said != "ok":
            raise damaged(self.path, said)

    def close(self) -> None:
        """Finish what is queued and close every connection."""
        self._readers.dispose()
        self._writer.close()
