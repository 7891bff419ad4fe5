"""sqlite-utils opens the file safely, and SQLAlchemy speaks through its connections.

SQLite before 3.51.3 (but for 3.44.6+ and 3.50.7+ of their lines) can lose committed pages when
two processes reset one write-ahead log. On such a version the file is used with a rollback
journal, which has no such log: slower, and as durable.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool, StaticPool
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # pysqlite3, if installed

from collector.store.errors import StoreBusy, StoreError, explain

log = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 10_000
MOST_READERS = 8
READER_CACHE_KIB = 16_384
WRITER_CACHE_KIB = 16_384
MOST_STATEMENTS = 1_024
"""More than the program has. Of a full cache pysqlite3 gives up the statement that was used least
often: each one that is new pushes out the new one before it, and both are parsed anew for ever.
"""


def write_ahead_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite has the correction of the WAL-reset defect.

    >>> write_ahead_is_safe((3, 53, 4)), write_ahead_is_safe((3, 40, 1))
    (True, False)
    >>> write_ahead_is_safe((3, 50, 7)), write_ahead_is_safe((3, 51, 2))
    (True, False)
    """
    in_corrected_line = (3, 44, 6) <= version < (3, 45) or (3, 50, 7) <= version < (3, 51)
    return version >= (3, 51, 3) or in_corrected_line


def prepare_folder(path: Path, *, create: bool) -> None:
    """Make sure of the folder (0700) and an empty file (0600) before SQLite sees them."""
    folder = path.parent
    if not create and not path.exists():
        raise StoreError(f"there is no database at {path}: start the collector once to make it")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except (FileExistsError, NotADirectoryError):
        raise StoreError(f"{folder} is not a folder: name another data folder") from None
    except OSError as trouble:
        raise StoreError(
            f"{path} cannot be written ({trouble.strerror}): "
            f"give this account write access to {folder}"
        ) from None
    os.close(handle)
    path.chmod(0o600)


def open_writer(path: Path) -> tuple[Database, Engine]:
    """The one writing connection; it belongs to the thread that calls this."""
    database = Database(sqlite3.connect(path, cached_statements=MOST_STATEMENTS))
    _set_up(database)
    if write_ahead_is_safe(sqlite3.sqlite_version_info):
        database.enable_wal()
    else:
        log.warning(
            "this SQLite can damage a write-ahead log: using the slower rollback journal",
            extra={"sqlite_version": sqlite3.sqlite_version},
        )
        database.disable_wal()
    database.execute("PRAGMA synchronous=FULL")
    database.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
    database.execute("PRAGMA secure_delete=ON")  # what is taken away is overwritten
    database.execute("PRAGMA fullfsync=ON")  # macOS: fsync alone leaves it in the drive's cache
    engine = create_engine(
        "sqlite://",
        module=sqlite3,
        creator=lambda: database.conn,
        poolclass=StaticPool,
        hide_parameters=True,  # an error in the log repeats no value: one may be a person's
    )
    return database, _begin_with(engine, "BEGIN IMMEDIATE")


def open_readers(path: Path, cache_kib: int = READER_CACHE_KIB) -> Engine:
    """A pool of connections that cannot write, nor checkpoint; any thread may use it."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"

    def connect() -> object:
        connection = sqlite3.connect(
            address, uri=True, check_same_thread=False, cached_statements=MOST_STATEMENTS
        )
        database = Database(connection)
        _set_up(database)
        database.execute(f"PRAGMA cache_size=-{cache_kib}")
        return database.conn

    engine = create_engine(
        "sqlite://",
        module=sqlite3,
        creator=connect,
        poolclass=QueuePool,
        pool_size=MOST_READERS,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        hide_parameters=True,
    )
    return _begin_with(engine, "BEGIN")


def _set_up(database: Database) -> None:
    database.conn.isolation_level = None  # transactions begin where we say, and only there
    database.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    database.execute("PRAGMA foreign_keys=ON")


def _begin_with(engine: Engine, statement: str) -> Engine:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    event.listen(engine, "begin", begin)
    return engine


@contextmanager
def named_troubles(path: Path) -> Iterator[None]:
    """Database errors leave this block as `StoreError`s; a defect of a statement as it is."""
    try:
        yield
    except PoolTimeout:
        raise StoreBusy(f"all {MOST_READERS} readers of {path} are busy: try again") from None
    except (sqlite3.Error, DBAPIError) as error:
        named = explain(error, path)
        if named is None:
            raise
        raise named from error
