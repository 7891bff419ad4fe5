"""What a check-in has to know of who is calling, in one statement, and what it leaves behind."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from collector.model import Compliance, Platform
from collector.store import commands, policies
from collector.store.columns import CHOSEN, chosen
from collector.store.prepared import Prepared
from collector.store.schema import certificate, device


@dataclass(frozen=True, slots=True)
class Standing:
    """How a device stands, in its one row."""

    device_id: str
    platform: Platform | None
    os_id: str
    enrolled_at: datetime
    last_seen_at: datetime
    last_sequence: int
    digest: bytes | None
    compliance: Compliance
    compliance_since: datetime | None
    answer_version: int
    answer_digest: bytes
    judged_policy_version: int | None
    evaluated_at: datetime | None
    next_evaluation_at: datetime | None
    quarantined_because: str
    retired_at: datetime | None
    silent: bool
    severity: int


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a certificate says of its bearer now, and the policy in force (0: none was applied).

    `standing` is None when the device is gone; `is_asked`: a command waits for it.
    """

    not_after: datetime
    revoked_at: datetime | None
    policy_version: int
    is_asked: bool
    standing: Standing | None


NAMES = tuple(each.name for each in fields(Standing))
PLATFORM, COMPLIANCE, SILENT = map(NAMES.index, ("platform", "compliance", "silent"))
COLUMNS = tuple(device.c[name] for name in NAMES)
OF_DEVICE = device.c.device_id == bindparam("of_device")
STANDING = Prepared(select(*COLUMNS).where(OF_DEVICE))
STANDING_OF_MANY = Prepared(select(*COLUMNS).where(device.c.device_id.in_(CHOSEN)))
POLICY_VERSION = select(policies.NEWEST).scalar_subquery().label("policy_version")
IS_ASKED = commands.is_asked(device.c.device_id).label("is_asked")
BEARER = Prepared(
    select(certificate.c.not_after, certificate.c.revoked_at, POLICY_VERSION, IS_ASKED, *COLUMNS)
    .select_from(certificate.outerjoin(device, device.c.device_id == certificate.c.device_id))
    .where(certificate.c.serial == bindparam("of_serial"))
)
TOUCH = Prepared(
    update(device)
    .where(OF_DEVICE)
    .values(last_sequence=bindparam("sequence"), last_seen_at=bindparam("seen_at"))
)
TOUCH_AND_EXPECT = Prepared(
    update(device)
    .where(OF_DEVICE)
    .values(
        last_sequence=bindparam("sequence"),
        last_seen_at=bindparam("seen_at"),
        next_contact_at=bindparam("next_contact_at"),
    )
)
HEARD = Prepared(update(device).where(OF_DEVICE).values(silent=bindparam("silent")))
EXPECT = Prepared(
    update(device).where(OF_DEVICE).values(next_contact_at=bindparam("next_contact_at"))
)


def standing(connection: Connection, device_id: str) -> Standing | None:
    row = STANDING.first(connection, of_device=device_id)
    return None if row is None else _standing(row)


def standings(connection: Connection, device_ids: Collection[str]) -> list[Standing]:
    """Of those that there are, in no order that can be relied on."""
    rows = STANDING_OF_MANY.rows(connection, ids=chosen(device_ids))
    return [_standing(row) for row in rows]


def bearer(connection: Connection, serial: str, now: datetime) -> Bearer | None:
    """None: a certificate that was never recorded."""
    row = BEARER.first(connection, of_serial=serial, now=now)
    if row is None:
        return None
    not_after, revoked_at, policy_version, is_asked, *of_device = row
    known = _standing(of_device) if of_device[0] is not None else None
    return Bearer(not_after, revoked_at, policy_version, bool(is_asked), known)


def good_serials(connection: Connection, serials: Collection[str], now: datetime) -> set[str]:
    """Those of these certificates whose bearers may hold a stream now."""
    query = (
        select(certificate.c.serial)
        .join(device, device.c.device_id == certificate.c.device_id)
        .where(
            certificate.c.serial.in_(serials),
            certificate.c.revoked_at.is_(None),
            certificate.c.not_after > now,
            device.c.retired_at.is_(None),
            device.c.quarantined_because == "",
        )
    )
    return set(connection.execute(query).scalars())


def answers(connection: Connection, device_ids: Collection[str]) -> list[tuple[Any, ...]]:
    """What would make a list of these devices another one."""
    columns = (
        device.c.device_id,
        device.c.answer_version,
        device.c.compliance,
        device.c.quarantined_because,
        device.c.retired_at,
        device.c.owner,
    )
    query = select(*columns).where(device.c.device_id.in_(device_ids)).order_by(device.c.device_id)
    return [tuple(row) for row in connection.execute(query)]


def is_any(connection: Connection) -> bool:
    """Whether any device was ever enrolled."""
    return connection.execute(select(device.c.device_id).limit(1)).first() is not None


def touch(
    connection: Connection,
    device_id: str,
    sequence: int,
    seen_at: datetime,
    next_contact_at: datetime | None = None,
) -> None:
    """An unchanged check-in: the sequence and the last sign of life, by our clock.

    `next_contact_at`: when the device is told to come again; None leaves what was said before.
    """
    values = {"of_device": device_id, "sequence": sequence, "seen_at": seen_at}
    if next_contact_at is None:
        TOUCH.run(connection, values)
    else:
        TOUCH_AND_EXPECT.run(connection, values | {"next_contact_at": next_contact_at})


def expect(connection: Connection, device_id: str, next_contact_at: datetime) -> None:
    """When the device was told to come again."""
    EXPECT.run(connection, {"of_device": device_id, "next_contact_at": next_contact_at})


def heard(connection: Connection, standing: Standing) -> None:
    """Whoever was marked as silent is so no more."""
    if standing.silent:
        HEARD.run(connection, {"of_device": standing.device_id, "silent": 0})


def _standing(row: Sequence[Any]) -> Standing:
    known = list(row)
    known[PLATFORM] = Platform(known[PLATFORM]) if known[PLATFORM] else None
    known[COMPLIANCE] = Compliance(known[COMPLIANCE])
    known[SILENT] = bool(known[SILENT])
    return Standing(*known)
