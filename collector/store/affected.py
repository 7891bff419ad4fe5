"""Whose devices a finding is open on: some of them, at a cost that does not grow with the fleet."""

from sqlalchemy import Connection, select

from collector.model import Platform, Status
from collector.store.schema import device, finding

MOST_LOOKED_AT = 100


def owners_affected(
    connection: Connection,
    rule_id: str,
    status: Status,
    cause: str,
    platform: Platform | None,
    *,
    most: int,
) -> tuple[str, ...]:
    """Owners of the first devices with this finding, for example: never said to be all."""
    some = (
        select(device.c.owner, device.c.platform, finding.c.cause)
        .join(device, device.c.device_id == finding.c.device_id)
        .where(finding.c.rule_id == rule_id, finding.c.status == status.value)
        .where(finding.c.closed_at.is_(None), device.c.retired_at.is_(None))
        .limit(MOST_LOOKED_AT)
        .subquery()
    )
    query = (
        select(some.c.owner)
        .where(some.c.owner != "", some.c.cause == cause)
        .where(some.c.platform == (platform.value if platform else ""))
        .distinct()
        .limit(most)
    )
    return tuple(connection.execute(query).scalars())
