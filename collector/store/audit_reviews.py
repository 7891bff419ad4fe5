"""Weeks of the audit log that were looked through and signed off."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from collector.store.schema import audit_review


@dataclass(frozen=True, slots=True)
class AuditReview:
    """`week` as ISO 8601 writes it (2026-W47). `head`: the log's last record and its hash then;
    `counts`: what there was of each class, as JSON."""

    week: str
    signed_at: datetime
    signed_by: str
    head: str
    counts: str
    remark: str


def sign(connection: Connection, review: AuditReview) -> bool:
    """False: the week was signed off before, and that stays."""
    if get(connection, review.week) is not None:
        return False
    connection.execute(insert(audit_review).values(asdict(review)))
    return True


def get(connection: Connection, week: str) -> AuditReview | None:
    row = connection.execute(select(audit_review).where(audit_review.c.week == week)).first()
    return None if row is None else AuditReview(**row._mapping)


def signed_weeks(connection: Connection) -> dict[str, AuditReview]:
    rows = connection.execute(select(audit_review).order_by(audit_review.c.week.desc()))
    return {row.week: AuditReview(**row._mapping) for row in rows}
