"""A token admits a device once; what it becomes is decided here and never by the newcomer.

Every enrollment is a new device with a history of its own: nobody comes into another device's by
showing its hardware (SPIRE, Salt and Fleet each had that hole). A machine that was installed again
is therefore a second row; that the two are one laptop is for a person to say.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Connection

from collector.identity import tokens
from collector.identity.authority import Authority, DeviceCertificate
from collector.identity.certifying import certify
from collector.model import Device
from collector.store import continuations, devices, events
from collector.store.devices import InventoryRow

RECOGNISED_BY = ("board", "serial")
"""Parts that stay when the system is installed again."""
INSTALLATION = "install"
FINGERPRINT_BYTES = 32
TOO_LATELY = timedelta(minutes=15)
"""Nobody installs a machine again within this time: the other one must still be running."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """`public_key` comes from a signing request that was found sound; `device_id` from us."""

    token: str
    public_key: ec.EllipticCurvePublicKey
    inventory: InventoryRow
    device_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class Enrolled:
    """`same_hardware`: devices in service that show the same board or serial."""

    device_id: str
    certificate: DeviceCertificate
    same_hardware: tuple[str, ...]
    quarantined_because: str


def enroll(c: Connection, authority: Authority, newcomer: Newcomer, now: datetime) -> Enrolled:
    """Use the token, add the device, sign its certificate: all of it or nothing.

    Raises `tokens.TokenRefused`.
    """
    token = tokens.use(c, newcomer.token, now)
    alike = same_hardware(c, newcomer.inventory)
    device_id = newcomer.device_id
    devices.add(c, device_id, newcomer.inventory, now)
    certificate = certify(c, authority, device_id, newcomer.public_key, now)
    events.add(c, now, "enrolled", device_id, f"with token {token.token_id}")
    continuations.find(c, device_id, [one.device_id for one in alike], now)
    because = ""
    for other in alike:
        detail = f"{device_id} has the hardware of {other.hostname} ({other.device_id})"
        events.add(c, now, "same hardware", device_id, detail)
        if _runs_elsewhere(c, other, newcomer.inventory, now):
            because = f"same hardware as {other.hostname}, which reported minutes before"
    if because:
        devices.quarantine(c, device_id, because, now)
    return Enrolled(device_id, certificate, tuple(one.device_id for one in alike), because)


def same_hardware(c: Connection, inventory: InventoryRow) -> list[Device]:
    """Devices in service that share a part which tells machines apart."""
    found: dict[str, None] = {}
    for part in RECOGNISED_BY:
        value = inventory.fingerprint.get(part, b"")
        if _tells_apart(value):
            found.update(dict.fromkeys(devices.with_fingerprint(c, part, value)))
    known = (devices.get(c, device_id) for device_id in found)
    return [device for device in known if device is not None]


def shares_hardware(c: Connection, one: str, other: str) -> bool:
    """Whether two devices show a part alike that tells machines apart, and none that differs."""
    mine, theirs = devices.fingerprint_of(c, one), devices.fingerprint_of(c, other)
    both = [
        (mine[part], theirs[part])
        for part in RECOGNISED_BY
        if _tells_apart(mine.get(part, b"")) and _tells_apart(theirs.get(part, b""))
    ]
    return bool(both) and all(first == second for first, second in both)


def _tells_apart(value: bytes) -> bool:
    """Whether it is a hash of something: empty, cut or blank parts match nobody."""
    return len(value) == FINGERPRINT_BYTES and len(set(value)) > 1


def _runs_elsewhere(c: Connection, other: Device, newcomer: InventoryRow, now: datetime) -> bool:
    """Whether two machines show one identity: the other spoke just now, and from another system.

    The same installation enrolling twice has only lost the agent's state.
    """
    mine = newcomer.fingerprint.get(INSTALLATION, b"")
    theirs = devices.fingerprint_of(c, other.device_id).get(INSTALLATION, b"")
    seen_at = other.last_seen_at if other.last_report_at else None  # enrolling is no report
    spoke_lately = seen_at is not None and now - seen_at < TOO_LATELY
    return spoke_lately and _tells_apart(mine) and _tells_apart(theirs) and mine != theirs
