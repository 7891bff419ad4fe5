"""Every certificate ever issued to a device, looked up at every check-in."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from collector.store.schema import certificate


@dataclass(frozen=True, slots=True)
class Certificate:
    """`serial` is lower-case hexadecimal."""

    serial: str
    device_id: str
    issued_at: datetime
    not_after: datetime
    revoked_at: datetime | None = None
    revoked_because: str = ""


GET = select(certificate).where(certificate.c.serial == bindparam("of_serial"))


def add(connection: Connection, issued: Certificate) -> None:
    connection.execute(insert(certificate).values(asdict(issued)))


def get(connection: Connection, serial: str) -> Certificate | None:
    row = connection.execute(GET, {"of_serial": serial}).first()
    return None if row is None else Certificate(**row._mapping)


def of_device(connection: Connection, device_id: str) -> list[Certificate]:
    """The device's certificates, newest first."""
    query = select(certificate).where(certificate.c.device_id == device_id)
    newest_first = query.order_by(certificate.c.issued_at.desc(), certificate.c.serial)
    return [Certificate(**row._mapping) for row in connection.execute(newest_first)]


def revoke_all(connection: Connection, device_id: str, at: datetime, because: str) -> int:
    """Revoke what is not revoked yet; the number of certificates that this ended."""
    valid = certificate.c.revoked_at.is_(None)
    statement = update(certificate).where(certificate.c.device_id == device_id, valid)
    return connection.execute(statement.values(revoked_at=at, revoked_because=because)).rowcount
