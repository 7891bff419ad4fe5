"""What our observations amount to, in the words of an EXPECTED.md table.

`conclude(fact, observations, inventory)` answers one fact with "yes", "no", "unknown",
"not-applicable", a number or words; None when the fact is none of ours.
"""

from collections.abc import Mapping
from datetime import UTC

from protos.posture.v1.device_pb2 import FormFactor, Inventory
from protos.posture.v1.signals_pb2 import (
    AntivirusProduct,
    FirewallScope,
    InboundDefault,
    Observation,
    Protection,
    UserScreenLock,
    Volume,
    VolumeRole,
)

Observed = Mapping[str, Observation]

JUDGED = (VolumeRole.VOLUME_ROLE_SYSTEM, VolumeRole.VOLUME_ROLE_DATA, VolumeRole.VOLUME_ROLE_SWAP)
GOOD = (Protection.PROTECTION_ENCRYPTED, Protection.PROTECTION_MEMORY_ONLY)


def conclude(fact: str, seen: Observed, inventory: Inventory) -> str | None:
    """Our answer to one fact of a table, or None when the table's fact is none of ours."""
    room, _, rest = fact.partition(".")
    by_room = {
        "disk": disk,
        "swap": swap,
        "firewall": firewall,
        "antivirus": antivirus,
        "autolock": autolock,
        "updates": updates,
        "device": device,
        "os": system,
        "removable": removable,
        "session": sessions,
        "sessions": sessions,
    }
    if fact == "reboot_needed":
        return updates("restart_required", seen, inventory)
    if room not in by_room:
        return None
    return by_room[room](rest, seen, inventory)


def without_value(observation: Observation) -> str | None:
    outcome = observation.WhichOneof("outcome")
    if outcome == "unknown":
        return "unknown"
    return "not-applicable" if outcome == "not_applicable" else None


def all_of(volumes: list[Volume]) -> str:
    if any(v.HasField("protection") and v.protection not in GOOD for v in volumes):
        return "no"
    if not volumes or not all(v.HasField("protection") for v in volumes):
        return "unknown"
    return "yes"


def disk(fact: str, seen: Observed, _: Inventory) -> str | None:
    observation = seen["disk_encryption"]
    if fact == "all_fixed_volumes_encrypted":
        volumes = [v for v in observation.disk_encryption.volumes if v.role in JUDGED]
        return without_value(observation) or all_of(volumes)
    if fact == "encrypted_homes":
        return encrypted_homes(observation)
    if not fact.startswith("/"):
        return None
    named = [v for v in observation.disk_encryption.volumes if v.name == fact]
    if not named:
        return without_value(observation) or "unknown"
    if not named[0].HasField("protection"):
        return "unknown"
    return {
        Protection.PROTECTION_ENCRYPTED: "encrypted",
        Protection.PROTECTION_KEY_EXPOSED: "ineffective",
        Protection.PROTECTION_PARTIAL: "partial",
    }.get(named[0].protection, "plain")


def encrypted_homes(observation: Observation) -> str:
    value = observation.disk_encryption
    return str(value.encrypted_homes) if value.HasField("encrypted_homes") else "unknown"


def swap(fact: str, seen: Observed, _: Inventory) -> str | None:
    if fact not in ("", "encrypted"):
        return None
    observation = seen["disk_encryption"]
    volumes = observation.disk_encryption.volumes
    swaps = [v for v in volumes if v.role == VolumeRole.VOLUME_ROLE_SWAP]
    if fact == "" and not swaps:
        unseen = any(gap.field.startswith("swaps") for gap in observation.gaps)
        return without_value(observation) or ("unknown" if unseen else "none")
    return without_value(observation) or all_of(swaps)


def removable(fact: str, seen: Observed, _: Inventory) -> str | None:
    if fact != "plain_mounted":
        return None
    volumes = seen["disk_encryption"].disk_encryption.volumes
    found = [v for v in volumes if v.role == VolumeRole.VOLUME_ROLE_REMOVABLE]
    plain = any(v.protection == Protection.PROTECTION_PLAIN for v in found)
    return without_value(seen["disk_encryption"]) or ("yes" if plain else "no")


def inbound(scope: FirewallScope) -> str:
    if scope.in_use is False and scope.HasField("in_use"):
        return "not-applicable"
    if not scope.HasField("inbound"):
        return "unknown"
    return "yes" if scope.inbound == InboundDefault.INBOUND_DEFAULT_BLOCKED else "no"


def firewall(fact: str, seen: Observed, _: Inventory) -> str | None:
    observation = seen["firewall"]
    if fact not in ("default_deny_inbound", "ipv4", "ipv6", "manager", "openings"):
        return None
    if (nothing := without_value(observation)) is not None:
        return nothing
    if fact == "manager":
        return ", ".join(f"{m.name} ({m.state})" for m in observation.firewall.managers)
    if fact == "openings":
        return openings(observation)
    scopes = {scope.name: inbound(scope) for scope in observation.firewall.scopes}
    if fact in ("ipv4", "ipv6"):
        return scopes.get(fact, "unknown")
    used = [answer for answer in scopes.values() if answer != "not-applicable"]
    if "no" in used:
        return "no"
    return "yes" if used and set(used) == {"yes"} else "unknown"


def openings(observation: Observation) -> str:
    found = sorted({f"{o.protocol}/{o.ports}" for o in observation.firewall.openings})
    if not found and any(gap.field == "openings" for gap in observation.gaps):
        return listed_by_ufw(observation)
    if "tcp/1-65535" in found and "udp/1-65535" in found:
        found.append("everything, all ports")
    return ", ".join(found) or "none"


def listed_by_ufw(observation: Observation) -> str:
    """What ufw says it lets in, which stands in the evidence where no ruleset could be read."""
    said = [e.said.partition("; lets in ")[2] for e in observation.evidence]
    return next((words for words in said if words), "unknown")


def antivirus(fact: str, seen: Observed, _: Inventory) -> str | None:
    observation = seen["antivirus"]
    if (nothing := without_value(observation)) is not None:
        return nothing
    products = list(observation.antivirus.products)
    if not products:
        return "none found"
    name, kind = fact[: fact.rfind(".")], fact.rpartition(".")[2]
    products = [product for product in products if product.name == name] or products
    if kind in ("real_time", "running"):
        return any_of(products, kind)
    if kind in ("version", "installed"):
        return products[0].version or "unknown"
    if kind == "content_version":
        return products[0].definitions_version or "unknown"
    return signature_date(products[0]) if kind == "signature_date" else None


def any_of(products: list[AntivirusProduct], field: str) -> str:
    known = [getattr(p, field) for p in products if p.HasField(field)]  # type: ignore[arg-type]
    if any(known):
        return "yes"
    return "no" if len(known) == len(products) else "unknown"


def signature_date(product: AntivirusProduct) -> str:
    if product.definitions_in_cloud:
        return "not-applicable"
    if not product.HasField("definitions_at"):
        return "unknown"
    return product.definitions_at.ToDatetime(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def autolock(fact: str, seen: Observed, _: Inventory) -> str | None:
    observation = seen["screen_lock"]
    name = fact.split(" ", maxsplit=1)[0]
    if name == "before_suspend":
        return None
    if (nothing := without_value(observation)) is not None:
        return nothing
    users = {user.user: user for user in observation.screen_lock.users}
    if name in ("live", "enforced"):
        field = "in_session" if name == "live" else "enforced"
        return every_user(list(users.values()), field)
    if name not in users or not users[name].HasField("locks"):
        return "unknown"
    user = users[name]
    if not user.locks:
        return "no"
    if not (user.HasField("idle_seconds") and user.HasField("lock_delay_seconds")):
        return "unknown"
    return f"yes after {user.idle_seconds + user.lock_delay_seconds} s"


def every_user(users: list[UserScreenLock], field: str) -> str:
    """What holds of all of them; those of whom it is not known do not count."""
    said = {getattr(user, field) for user in users if user.HasField(field)}  # type: ignore[arg-type]
    return {(True,): "yes", (False,): "no"}.get(tuple(said), "unknown")


def sessions(fact: str, seen: Observed, _: Inventory) -> str | None:
    observation = seen["screen_lock"]
    users = [user for user in observation.screen_lock.users if user.in_session]
    said = {"user": [u.user for u in users], "desktop": [u.desktop for u in users]}
    if fact not in said or without_value(observation):
        return None
    return ", ".join(said[fact]) or "unknown"


def updates(fact: str, seen: Observed, _: Inventory) -> str | None:
    observation = seen["os_updates"]
    fields = {
        "pending": "pending",
        "pending (installable now)": "pending",
        "pending (packages)": "pending",
        "pending_security": "pending_security",
        "restart_required": "restart_required",
        "staged": "restart_required",
        "index_date": "index_at",
    }
    if fact not in fields:
        return None
    value, field = observation.os_updates, fields[fact]
    if without_value(observation) or not value.HasField(field):  # type: ignore[arg-type]
        return without_value(observation) or "unknown"
    if field == "index_at":
        return value.index_at.ToDatetime(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if field == "restart_required":
        return "yes" if value.restart_required else "no"
    return str(getattr(value, field))


def system(fact: str, seen: Observed, inventory: Inventory) -> str | None:
    if fact == "eol":
        value = seen["os_updates"].os_updates
        ends = [value.support_ends_on, value.extended_support_ends_on]
        return ", ".join(date for date in ends if date) or None
    if fact not in ("", "id") or not inventory.HasField("os_id"):
        return None
    named = f"{inventory.os_id} {inventory.os_version}"
    return f"{named}, kernel {inventory.os_build}" if fact == "" else named


def device(fact: str, seen: Observed, inventory: Inventory) -> str | None:
    if fact == "serial":
        return inventory.serial if inventory.HasField("serial") else "unknown"
    if fact == "hardware_uuid":
        return "known" if inventory.fingerprint.HasField("board") else "unknown"
    if fact == "vendor":
        return inventory.manufacturer
    if fact == "model":
        return inventory.model if inventory.HasField("model") else "unknown"
    if fact == "kind":
        return FormFactor.Name(inventory.form_factor).removeprefix("FORM_FACTOR_").lower()
    return None
