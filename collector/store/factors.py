"""Second factors besides the authenticator app: passkeys and recovery codes."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from collector.store import personal_tokens, schema

PASSKEY = schema.passkey
CODE = schema.recovery_code


@dataclass(frozen=True, slots=True)
class Passkey:
    """`public_key` is a COSE key (RFC 9052); `sign_count` 0: the authenticator does not count.

    `host` is the name of the collector it was made for: a passkey works for that name only.
    """

    credential_id: bytes
    username: str
    label: str
    public_key: bytes
    sign_count: int
    created_at: datetime
    last_used_at: datetime | None = None
    host: str = ""


def add_passkey(connection: Connection, passkey: Passkey) -> bool:
    """False: this credential is known already, whoever's it is.

    Tokens that were made before end: the person's factors are others now.
    """
    if get_passkey(connection, passkey.credential_id) is not None:
        return False
    connection.execute(insert(PASSKEY).values(asdict(passkey)))
    personal_tokens.remove_all(connection, passkey.username)
    return True


def get_passkey(connection: Connection, credential_id: bytes) -> Passkey | None:
    query = select(PASSKEY).where(PASSKEY.c.credential_id == credential_id)
    row = connection.execute(query).first()
    return None if row is None else Passkey(**row._mapping)


def passkeys_of(connection: Connection, username: str) -> list[Passkey]:
    """Oldest first."""
    query = select(PASSKEY).where(PASSKEY.c.username == username)
    rows = connection.execute(query.order_by(PASSKEY.c.created_at, PASSKEY.c.credential_id))
    return [Passkey(**row._mapping) for row in rows]


def passkey_used(
    connection: Connection, credential_id: bytes, sign_count: int, at: datetime
) -> bool:
    """False: the authenticator counts and has not counted on, so another one has its key."""
    goes_on = PASSKEY.c.sign_count < sign_count
    if sign_count == 0:
        goes_on = PASSKEY.c.sign_count == 0
    statement = update(PASSKEY).where(PASSKEY.c.credential_id == credential_id, goes_on)
    values = {"sign_count": sign_count, "last_used_at": at}
    return connection.execute(statement.values(values)).rowcount == 1


def label_passkey(connection: Connection, username: str, credential_id: bytes, label: str) -> bool:
    """False: the person has no such passkey."""
    statement = update(PASSKEY).where(
        PASSKEY.c.username == username, PASSKEY.c.credential_id == credential_id
    )
    return connection.execute(statement.values(label=label)).rowcount == 1


def remove_passkey(connection: Connection, username: str, credential_id: bytes) -> bool:
    """False: the person has no such passkey."""
    personal_tokens.remove_all(connection, username)
    statement = delete(PASSKEY).where(
        PASSKEY.c.username == username, PASSKEY.c.credential_id == credential_id
    )
    return connection.execute(statement).rowcount == 1


def set_codes(connection: Connection, username: str, hashes: Iterable[bytes]) -> None:
    """New recovery codes; the old ones open nothing any more."""
    connection.execute(delete(CODE).where(CODE.c.username == username))
    for code_hash in hashes:
        connection.execute(insert(CODE).values(code_hash=code_hash, username=username))


def use_code(connection: Connection, username: str, code_hash: bytes) -> bool:
    """True once for each code of this person."""
    statement = delete(CODE).where(CODE.c.username == username, CODE.c.code_hash == code_hash)
    return connection.execute(statement).rowcount == 1


def has_code(connection: Connection, username: str, code_hash: bytes) -> bool:
    query = select(CODE.c.username).where(CODE.c.username == username)
    return connection.execute(query.where(CODE.c.code_hash == code_hash)).first() is not None


def codes_left(connection: Connection, username: str) -> int:
    query = select(func.count()).select_from(CODE).where(CODE.c.username == username)
    return int(connection.execute(query).scalar_one())


def remove_all(connection: Connection, username: str) -> None:
    """Every passkey and recovery code of the person."""
    connection.execute(delete(PASSKEY).where(PASSKEY.c.username == username))
    connection.execute(delete(CODE).where(CODE.c.username == username))
