"""The packs that were sealed by the schedule, in the order of their moments: each has one before.

The row stays when the file is gone, so that a pack can be made again with the same link.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from collector.store.schema import pack


@dataclass(frozen=True, slots=True)
class SealedPack:
    """`variant` tells packs of one moment apart: "all", "group:NAME", each perhaps with
    "+pseudonyms". `sums` is JSON, as in the manifest.
    """

    variant: str
    as_of: datetime
    name: str
    manifest_sha256: str
    previous_as_of: datetime | None
    sums: str
    sealed_at: datetime


def add(connection: Connection, sealed: SealedPack) -> None:
    connection.execute(insert(pack).values(asdict(sealed)))


def get(connection: Connection, variant: str, as_of: datetime) -> SealedPack | None:
    row = connection.execute(
        select(pack).where(pack.c.variant == variant, pack.c.as_of == as_of)
    ).first()
    return None if row is None else SealedPack(**row._mapping)


def last_before(connection: Connection, variant: str, as_of: datetime) -> SealedPack | None:
    row = connection.execute(
        select(pack)
        .where(pack.c.variant == variant, pack.c.as_of < as_of)
        .order_by(pack.c.as_of.desc())
        .limit(1)
    ).first()
    return None if row is None else SealedPack(**row._mapping)


def newest(
    connection: Connection, before: datetime | None = None, limit: int = 60
) -> list[SealedPack]:
    """Newest first, of every variant; `before`: only older moments."""
    query = select(pack).order_by(pack.c.as_of.desc(), pack.c.variant).limit(limit)
    if before is not None:
        query = query.where(pack.c.as_of < before)
    return [SealedPack(**row._mapping) for row in connection.execute(query)]


def earlier(connection: Connection, variant: str, as_of: datetime, limit: int) -> list[SealedPack]:
    """The moments before this one, oldest first: what a trend is drawn of."""
    query = (
        select(pack)
        .where(pack.c.variant == variant, pack.c.as_of < as_of)
        .order_by(pack.c.as_of.desc())
        .limit(limit)
    )
    return [SealedPack(**row._mapping) for row in connection.execute(query)][::-1]
