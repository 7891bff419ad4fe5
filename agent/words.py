"""What was seen, in words for the person at the keyboard: no judgement. Pure."""

from collections.abc import Callable, Mapping
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
    FirewallOpening,
    FirewallScope,
    Observation,
    OsUpdates,
    ScreenLock,
    UnknownReason,
    UserScreenLock,
    Volume,
)

PROTECTION = {
    signals.PROTECTION_ENCRYPTED: marked("encrypted"),
    signals.PROTECTION_PLAIN: marked("plain"),
    signals.PROTECTION_PARTIAL: marked("partly encrypted"),
    signals.PROTECTION_KEY_EXPOSED: marked("encrypted, key in clear"),
    signals.PROTECTION_MEMORY_ONLY: marked("in memory only"),
}
INBOUND = {
    signals.INBOUND_DEFAULT_BLOCKED: marked("inbound blocked"),
    signals.INBOUND_DEFAULT_ALLOWED: marked("inbound allowed"),
}


REASONS: Mapping[Any, str] = {
    UnknownReason.UNKNOWN_REASON_UNSPECIFIED: marked("unspecified"),
    UnknownReason.UNKNOWN_REASON_TOOL_MISSING: marked("tool missing"),
    UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED: marked("permission denied"),
    UnknownReason.UNKNOWN_REASON_TIMED_OUT: marked("timed out"),
    UnknownReason.UNKNOWN_REASON_TOOL_FAILED: marked("tool failed"),
    UnknownReason.UNKNOWN_REASON_UNPARSABLE: marked("unparsable"),
    UnknownReason.UNKNOWN_REASON_TOO_LARGE: marked("too large"),
    UnknownReason.UNKNOWN_REASON_NO_USER_SESSION: marked("no user session"),
    UnknownReason.UNKNOWN_REASON_CONFLICTING_SOURCES: marked("conflicting sources"),
    UnknownReason.UNKNOWN_REASON_NOT_IMPLEMENTED: marked("not implemented"),
    UnknownReason.UNKNOWN_REASON_NOT_RECORDED: marked("not recorded"),
    UnknownReason.UNKNOWN_REASON_SANDBOXED: marked("sandboxed"),
    UnknownReason.UNKNOWN_REASON_NO_DATA: marked("no data"),
    UnknownReason.UNKNOWN_REASON_INTERNAL: marked("internal"),
}


def describe(observation: Observation) -> list[str]:
    """One or more short lines; the first tells the most."""
    outcome = observation.WhichOneof("outcome")
    if outcome == "unknown":
        detail = observation.unknown.detail
        first = say("unknown (%(reason)s)", reason=reason(observation.unknown.reason))
        return [first + (detail and f": {detail}")]
    if outcome == "not_applicable":
        return [say("not applicable: %(why)s", why=observation.not_applicable.because)]
    if outcome is None:
        return [say("nothing observed")]
    return WORDS[outcome](getattr(observation, outcome)) if outcome in WORDS else [say("observed")]


def reason(code: int) -> str:
    """A reason's words.

    >>> reason(UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED)
    'permission denied'
    """
    return say(REASONS[code]) if code in REASONS else say("reason %(code)s", code=code)


def _disk_encryption(seen: DiskEncryption) -> list[str]:
    lines = [", ".join(_volume(volume) for volume in seen.volumes) or say("no volumes")]
    lines += [f"{_name(v)}: {'; '.join(v.remarks)}" for v in seen.volumes if v.remarks]
    if seen.encrypted_homes:
        count = seen.encrypted_homes
        lines.append(say("home directories encrypted on their own: %(count)s", count=count))
    return lines


def _name(volume: Volume) -> str:
    return volume.name.strip("[]")


def _volume(volume: Volume) -> str:
    said = say(PROTECTION.get(volume.protection, marked("protection unknown")))
    return f"{_name(volume)} {said}" + (f" ({volume.method})" if volume.method else "")


def _firewall(seen: Firewall) -> list[str]:
    lines = [", ".join(_scope(scope) for scope in seen.scopes) or say("no part of it was seen")]
    if seen.openings:
        lines.append(say("open: %(ports)s", ports=", ".join(map(_opening, seen.openings))))
    lines += [f"{manager.name}: {manager.state}" for manager in seen.managers]
    return lines


def _opening(seen: FirewallOpening) -> str:
    return say(
        "%(protocol)s %(ports)s from %(source)s (%(scope)s)",
        protocol=seen.protocol,
        ports=seen.ports,
        source=seen.source,
        scope=seen.scope,
    )


def _scope(scope: FirewallScope) -> str:
    if scope.HasField("in_use") and not scope.in_use:
        return say("%(name)s not in use", name=scope.name)
    return f"{scope.name} {say(INBOUND.get(scope.inbound, marked('inbound unknown')))}"


def _antivirus(seen: Antivirus) -> list[str]:
    return [_product(p) for p in seen.products] or [
        say("none of the products we know is installed")
    ]


RUNNING = (marked("running"), marked("not running"), marked("running or not: unknown"))
REAL_TIME = (marked("real-time on"), marked("real-time off"), marked("real-time unknown"))


def _product(product: AntivirusProduct) -> str:
    said = [
        _told(product, "running", RUNNING),
        _told(product, "real_time", REAL_TIME),
    ]
    if product.HasField("definitions_at"):
        said.append(say("definitions of %(day)s", day=_day(product.definitions_at)))
    elif product.definitions_in_cloud:
        said.append(say("definitions in the maker's cloud"))
    elif product.HasField("definitions_current"):
        current = product.definitions_current
        said.append(say("definitions current") if current else say("definitions old"))
    name = " ".join(part for part in (product.name, product.version) if part)
    return f"{name}: " + ", ".join([*said, *product.remarks])


def _told(message: Any, field: str, words: tuple[str, str, str]) -> str:
    """Words for yes, for no, and for a field that is not set: it was not seen, which is neither."""
    yes, no, unseen = words
    if not message.HasField(field):
        return say(unseen)
    return say(yes) if getattr(message, field) else say(no)


def _screen_lock(seen: ScreenLock) -> list[str]:
    return [_user(user) for user in seen.users] or [say("no person's settings were seen")]


def _user(lock: UserScreenLock) -> str:
    who = f"{lock.user} ({lock.desktop})" if lock.desktop else lock.user
    if not lock.HasField("locks"):
        return say("%(who)s: unknown", who=who)
    if not lock.locks:
        return say("%(who)s: does not lock by itself", who=who)
    if not lock.HasField("idle_seconds"):
        return say("%(who)s: locks by itself, after an unknown time", who=who)
    after = duration(lock.idle_seconds + lock.lock_delay_seconds)
    if lock.may_lock_sooner:
        said = say("%(who)s: locks after %(after)s at the latest", who=who, after=after)
    else:
        said = say("%(who)s: locks after %(after)s", who=who, after=after)
    return f"{said}, {say('the user cannot change it')}" if lock.enforced else said


def _os_updates(seen: OsUpdates) -> list[str]:
    pending = f"{seen.pending}" if seen.HasField("pending") else say("an unknown number")
    security = f"{seen.pending_security}" if seen.HasField("pending_security") else say("unknown")
    said = [say("%(pending)s pending, security: %(count)s", pending=pending, count=security)]
    if seen.HasField("index_at"):
        said.append(say("as known on %(day)s", day=_day(seen.index_at)))
    if seen.restart_required:
        said.append(say("restart required"))
    if seen.support_ends_on:
        said.append(say("supported until %(day)s", day=seen.support_ends_on))
    first = f"{seen.source}: " if seen.source else ""
    lines = [first + ", ".join(said)]
    names = [update.name for update in seen.updates if update.security]
    if names:
        shown = ", ".join(names[:8])
        if len(names) > 8:
            shown = say("%(names)s and %(count)s more", names=shown, count=len(names) - 8)
        lines.append(say("security updates: %(names)s", names=shown))
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
