"""Every policy that was ever applied, with who and when; the newest is in force."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from collector.store.prepared import Prepared
from collector.store.schema import policy


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    version: int
    text: str
    applied_at: datetime
    applied_by: str
    note: str = ""


NEWEST_FIRST = select(policy).order_by(policy.c.version.desc())
CURRENT = NEWEST_FIRST.limit(1)
NEWEST = func.coalesce(func.max(policy.c.version), 0)
VERSION = Prepared(select(NEWEST))


def current(connection: Connection) -> StoredPolicy | None:
    row = connection.execute(CURRENT).first()
    return None if row is None else StoredPolicy(**row._mapping)


def in_force_at(connection: Connection, at: datetime) -> StoredPolicy | None:
    """The newest that had been applied by then."""
    row = connection.execute(NEWEST_FIRST.where(policy.c.applied_at <= at).limit(1)).first()
    return None if row is None else StoredPolicy(**row._mapping)


def first_applied_at(connection: Connection) -> datetime | None:
    """Since when there is this collector; None: it has never started."""
    found: datetime | None = connection.execute(select(func.min(policy.c.applied_at))).scalar()
    return found


def current_version(connection: Connection) -> int:
    """0 when none was applied."""
    (version,) = VERSION.rows(connection)[0]
    return int(version)


def get(connection: Connection, version: int) -> StoredPolicy | None:
    row = connection.execute(select(policy).where(policy.c.version == version)).first()
    return None if row is None else StoredPolicy(**row._mapping)


def text_of(connection: Connection, version: int) -> str | None:
    """As it was applied; None when there is no such version, and so for 0."""
    return connection.execute(
        select(policy.c.text).where(policy.c.version == version)
    ).scalar_one_or_none()


def add(
    connection: Connection, text: str, applied_at: datetime, applied_by: str, note: str = ""
) -> StoredPolicy:
    """Put a policy in force. Its text must have been read by `policy.load` before."""
    version = current_version(connection) + 1
    added = StoredPolicy(version, text, applied_at, applied_by, note)
    connection.execute(insert(policy).values(asdict(added)))
    return added


def newest(connection: Connection, most: int) -> list[StoredPolicy]:
    """The newest versions, newest first."""
    rows = connection.execute(NEWEST_FIRST.limit(most))
    return [StoredPolicy(**row._mapping) for row in rows]


def history(connection: Connection) -> list[StoredPolicy]:
    """Newest first."""
    return [StoredPolicy(**row._mapping) for row in connection.execute(NEWEST_FIRST)]
