"""What was seen, in words for the person at the keyboard: no judgement. Pure."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.timestamp_pb2 import Timestamp

from agent.language import counted, marked, say
from protos.posture.v1 import signals_pb2 as signals
from protos.posture.v1.device_pb2 import Disk, Inventory
from protos.posture.v1.signals_pb2 import (
    Antivirus,
    AntivirusProduct,
    DiskEncryption,
    Firewall,
    FirewallScope,
    Observation,
    OsUpdates,
    ScreenLock,
    UnknownReason,
    UserScreenLock,
    Volume,
)

PROTECTION = {
    signals.PROTECTION_ENCRYPTED: "encrypted",
    signals.PROTECTION_PLAIN: "plain",
    signals.PROTECTION_PARTIAL: "partly encrypted",
    signals.PROTECTION_KEY_EXPOSED: "encrypted, key in clear",
    signals.PROTECTION_MEMORY_ONLY: "in memory only",
}
INBOUND = {
    signals.INBOUND_DEFAULT_BLOCKED: "inbound blocked",
    signals.INBOUND_DEFAULT_ALLOWED: "inbound allowed",
}


def describe(observation: Observation) -> list[str]:
    """One or more short lines; the first tells the most."""
    outcome = observation.WhichOneof("outcome")
    if outcome == "unknown":
        detail = observation.unknown.detail
        return [f"unknown ({reason(observation.unknown.reason)})" + (detail and f": {detail}")]
    if outcome == "not_applicable":
        return [f"not applicable: {observation.not_applicable.because}"]
    if outcome is None:
        return ["nothing observed"]
    return WORDS[outcome](getattr(observation, outcome)) if outcome in WORDS else ["observed"]


def reason(code: int) -> str:
    """A reason's words.

    >>> reason(UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED)
    'permission denied'
    """
    if code not in UnknownReason.values():
        return f"reason {code}"
    return _reason_name(code).replace("_", " ").lower()


def _reason_name(code: int) -> str:
    return UnknownReason.Name(UnknownReason.ValueType(code)).removeprefix("UNKNOWN_REASON_")


def _disk_encryption(seen: DiskEncryption) -> list[str]:
    lines = [", ".join(_volume(volume) for volume in seen.volumes) or "no volumes"]
    lines += [f"{_name(v)}: {'; '.join(v.remarks)}" for v in seen.volumes if v.remarks]
    if seen.encrypted_homes:
        lines.append(f"home directories encrypted on their own: {seen.encrypted_homes}")
    return lines


def _name(volume: Volume) -> str:
    return volume.name.strip("[]")


def _volume(volume: Volume) -> str:
    said = PROTECTION.get(volume.protection, "protection unknown")
    return f"{_name(volume)} {said}" + (f" ({volume.method})" if volume.method else "")


def _firewall(seen: Firewall) -> list[str]:
    lines = [", ".join(_scope(scope) for scope in seen.scopes) or "no part of it was seen"]
    if seen.openings:
        ports = [f"{o.protocol} {o.ports} from {o.source} ({o.scope})" for o in seen.openings]
        lines.append("open: " + ", ".join(ports))
    lines += [f"{manager.name}: {manager.state}" for manager in seen.managers]
    return lines


def _scope(scope: FirewallScope) -> str:
    if scope.HasField("in_use") and not scope.in_use:
        return f"{scope.name} not in use"
    return f"{scope.name} {INBOUND.get(scope.inbound, 'inbound unknown')}"


def _antivirus(seen: Antivirus) -> list[str]:
    return [_product(p) for p in seen.products] or ["none of the products we know is installed"]


def _product(product: AntivirusProduct) -> str:
    said = [
        _told(product, "running", ("running", "not running", "running or not: unknown")),
        _told(product, "real_time", ("real-time on", "real-time off", "real-time unknown")),
    ]
    if product.HasField("definitions_at"):
        said.append(f"definitions of {_day(product.definitions_at)}")
    elif product.definitions_in_cloud:
        said.append("definitions in the maker's cloud")
    elif product.HasField("definitions_current"):
        said.append(
            _told(product, "definitions_current", ("definitions current", "definitions old", ""))
        )
    name = " ".join(part for part in (product.name, product.version) if part)
    return f"{name}: " + ", ".join([*said, *product.remarks])


def _told(message: Any, field: str, words: tuple[str, str, str]) -> str:
    """Words for yes, for no, and for a field that is not set: it was not seen, which is neither."""
    yes, no, unseen = words
    if not message.HasField(field):
        return unseen
    return yes if getattr(message, field) else no


def _screen_lock(seen: ScreenLock) -> list[str]:
    return [_user(user) for user in seen.users] or ["no person's settings were seen"]


def _user(lock: UserScreenLock) -> str:
    who = f"{lock.user} ({lock.desktop})" if lock.desktop else lock.user
    if not lock.HasField("locks"):
        return f"{who}: unknown"
    if not lock.locks:
        return f"{who}: does not lock by itself"
    if not lock.HasField("idle_seconds"):
        return f"{who}: locks by itself, after an unknown time"
    fixed = ", the user cannot change it" if lock.enforced else ""
    sooner = " at the latest" if lock.may_lock_sooner else ""
    after = duration(lock.idle_seconds + lock.lock_delay_seconds)
    return f"{who}: locks after {after}{sooner}{fixed}"


def _os_updates(seen: OsUpdates) -> list[str]:
    pending = f"{seen.pending}" if seen.HasField("pending") else "an unknown number"
    security = f"{seen.pending_security}" if seen.HasField("pending_security") else "unknown"
    said = [f"{pending} pending, security: {security}"]
    if seen.HasField("index_at"):
        said.append(f"as known on {_day(seen.index_at)}")
    if seen.restart_required:
        said.append("restart required")
    if seen.support_ends_on:
        said.append(f"supported until {seen.support_ends_on}")
    first = f"{seen.source}: " if seen.source else ""
    lines = [first + ", ".join(said)]
    names = [update.name for update in seen.updates if update.security]
    if names:
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        lines.append(f"security updates: {', '.join(names[:8])}{more}")
    return lines


WORDS: dict[str, Callable[[Any], list[str]]] = {
    "disk_encryption": _disk_encryption,
    "firewall": _firewall,
    "antivirus": _antivirus,
    "screen_lock": _screen_lock,
    "os_updates": _os_updates,
}


UNITS = (
    (marked("%(num)s days"), 86_400),
    (marked("%(num)s hours"), 3600),
    (marked("%(num)s minutes"), 60),
)


def duration(seconds: float) -> str:
    """The largest unit that fits.

    >>> [duration(s) for s in (1, 90, 300, 7200, 200_000)]
    ['1 second', '90 seconds', '5 minutes', '2 hours', '2 days']
    """
    for unit, length in UNITS:
        if seconds >= 2 * length:
            return say(unit, num=f"{seconds / length:.0f}")
    return counted("%(num)s second", "%(num)s seconds", round(seconds))


def _day(at: Timestamp) -> str:
    return at.ToDatetime(tzinfo=UTC).date().isoformat()


def inventory_lines(inventory: Inventory) -> list[str]:
    """Every field that is set; of an identifier that left hashed, only that it did."""
    lines = []
    for field, value in inventory.ListFields():
        label = field.name.removesuffix("_bytes").replace("_", " ")
        if field.name == "disks":
            lines += [f"disk: {_disk(disk)}" for disk in value]
        elif field.name == "fingerprint":
            parts = ", ".join(part.name for part, _ in value.ListFields())
            lines.append(f"{label}: {parts or 'nothing'}: hashed")
        elif field.enum_type is not None:
            lines.append(f"{label}: {_enumerated(field.enum_type, value)}")
        elif field.name.endswith("_bytes"):
            lines.append(f"{label}: {size(value)}")
        else:
            lines.append(f"{label}: {' '.join(str(value).split())}")
    return lines


def _enumerated(enum: EnumDescriptor, code: int) -> str:
    """PLATFORM_LINUX is "linux": the names begin with that of their enumeration."""
    if code not in enum.values_by_number:
        return f"unlisted ({code})"
    name = enum.values_by_number[code].name
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return name.removeprefix(prefix).replace("_", " ").lower()


def _disk(disk: Disk) -> str:
    said = [disk.model, size(disk.size_bytes) if disk.HasField("size_bytes") else ""]
    if disk.HasField("rotational"):
        said.append("rotating" if disk.rotational else "not rotating")
    if disk.HasField("removable"):
        said.append("removable" if disk.removable else "built in")
    return ", ".join(" ".join(part.split()) for part in said if part)


def size(count: int) -> str:
    """Bytes as people say them, in powers of ten.

    >>> size(25_275_924_480), size(512_000)
    ('25.3 GB', '0.5 MB')
    """
    return f"{count / 1e9:.1f} GB" if count >= 100_000_000 else f"{count / 1e6:.1f} MB"
