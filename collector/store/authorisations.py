"""The review of authorisations: what was confirmed so far, and the reviews that were signed."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from collector.store import schema

AUTHORISATION = schema.authorisation
REVIEW = schema.authorisation_review


@dataclass(frozen=True, slots=True)
class Confirmed:
    """That the account should have this role; for another role it says nothing."""

    username: str
    role: str
    confirmed_at: datetime
    confirmed_by: str


@dataclass(frozen=True, slots=True)
class Review:
    """`digest` is the SHA-256 of `content` in hexadecimal."""

    review_id: str
    signed_at: datetime
    signed_by: str
    digest: str
    content: str


def confirm(connection: Connection, confirmed: Confirmed) -> None:
    withdraw(connection, confirmed.username)
    connection.execute(insert(AUTHORISATION).values(asdict(confirmed)))


def withdraw(connection: Connection, username: str) -> None:
    connection.execute(delete(AUTHORISATION).where(AUTHORISATION.c.username == username))


def confirmed(connection: Connection) -> dict[str, Confirmed]:
    """By username."""
    rows = connection.execute(select(AUTHORISATION))
    return {row.username: Confirmed(**row._mapping) for row in rows}


def sign(connection: Connection, review: Review) -> None:
    """Keep the review; the next one begins with nothing confirmed."""
    connection.execute(insert(REVIEW).values(asdict(review)))
    connection.execute(delete(AUTHORISATION))


def last(connection: Connection) -> Review | None:
    query = select(REVIEW).order_by(REVIEW.c.signed_at.desc(), REVIEW.c.review_id).limit(1)
    row = connection.execute(query).first()
    return None if row is None else Review(**row._mapping)
