"""Which account somebody is whom an OpenID provider knows: by issuer and subject, nothing else."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from collector.store import schema

LINKED = schema.linked_identity


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """`issuer` and `subject` are `iss` and `sub` of the provider's ID tokens."""

    issuer: str
    subject: str
    username: str
    linked_at: datetime
    linked_by: str


def add(connection: Connection, linked: LinkedIdentity) -> bool:
    """False: this identity is linked already, whoever's it is."""
    if get(connection, linked.issuer, linked.subject) is not None:
        return False
    connection.execute(insert(LINKED).values(asdict(linked)))
    return True


def get(connection: Connection, issuer: str, subject: str) -> LinkedIdentity | None:
    query = select(LINKED).where(LINKED.c.issuer == issuer, LINKED.c.subject == subject)
    row = connection.execute(query).first()
    return None if row is None else LinkedIdentity(**row._mapping)


def of_person(connection: Connection, username: str) -> list[LinkedIdentity]:
    query = select(LINKED).where(LINKED.c.username == username)
    rows = connection.execute(query.order_by(LINKED.c.issuer, LINKED.c.subject))
    return [LinkedIdentity(**row._mapping) for row in rows]


def list_all(connection: Connection) -> list[LinkedIdentity]:
    rows = connection.execute(select(LINKED).order_by(LINKED.c.username, LINKED.c.issuer))
    return [LinkedIdentity(**row._mapping) for row in rows]


def remove_all(connection: Connection, username: str) -> int:
    """Unlink the account from every provider; how many links there were."""
    return connection.execute(delete(LINKED).where(LINKED.c.username == username)).rowcount
