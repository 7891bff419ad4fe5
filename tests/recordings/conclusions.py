"""What our observations amount to, in the words of an EXPECTED.md table.

`conclude(fact, observations, inventory)` answers one fact with "yes", "no", "unknown",
"not-applicable", a number or words; None when the fact is none of ours.
"""

import re
from collections.abc import Mapping
from datetime import UTC

from protos.posture.v1.device_pb2 import FormFactor, Inventory
from protos.posture.v1.signals_pb2 import (
    AntivirusProduct,
    FirewallScope,
    InboundDefault,
    Observation,
    Protection,
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
    if not fact.startswith("/"):
        return None
    named = [v for v in observation.disk_encryption.volumes if v.name == fact]
    if not named:
        return without_value(observation) or "unknown"
    return {
        Protection.PROTECTION_ENCRYPTED: "encrypted",
        Protection.PROTECTION_KEY_EXPOSED: "ineffective",
    }.get(named[0].protection, "plain")


def swap(fact: str, seen: Observed, _: Inventory) -> str | None:
    if fact != "encrypted":
        return None
    observation = seen["disk_encryption"]
    swaps = [
        v for v in observation.disk_encryption.volumes if v.role == VolumeRole.VOLUME_ROLE_SWAP
    ]
    return without_value(observation) or all_of(swaps)


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
    value = observation.firewall
    scopes = {scope.name: inbound(scope) for scope in value.scopes}
    if fact in ("ipv4", "ipv6"):
        return scopes.get(fact, "unknown")
    if fact == "manager":
        return ", ".join(f"{m.name} ({m.state})" for m in value.managers)
    if fact == "openings":
        found = sorted({f"{o.protocol}/{o.ports}" for o in value.openings})
        if "tcp/1-65535" in found and "udp/1-65535" in found:
            found.append("everything, all ports")
        return ", ".join(found) or "none"
    used = [answer for answer in scopes.values() if answer != "not-applicable"]
    if "no" in used:
        return "no"
    return "yes" if used and set(used) == {"yes"} else "unknown"


def antivirus(fact: str, seen: Observed, _: Inventory) -> str | None:
    observation = seen["antivirus"]
    if (nothing := without_value(observation)) is not None:
        return nothing
    products = list(observation.antivirus.products)
    if not products:
        return "none found"
    if fact in ("real_time", "running", "clamav.running"):
        return any_of(products, fact.rpartition(".")[2])
    return signature_date(products[0]) if fact.endswith("signature_date") else None


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
    if name in ("live", "enforced", "before_suspend"):
        return None
    if (nothing := without_value(observation)) is not None:
        return nothing
    users = {user.user: user for user in observation.screen_lock.users}
    if name not in users or not users[name].HasField("locks"):
        return "unknown"
    user = users[name]
    if not user.locks:
        return "no"
    if not (user.HasField("idle_seconds") and user.HasField("lock_delay_seconds")):
        return "unknown"
    return f"yes after {user.idle_seconds + user.lock_delay_seconds} s"


def updates(fact: str, seen: Observed, _: Inventory) -> str | None:
    observation = seen["os_updates"]
    fields = {
        "pending": "pending",
        "pending (installable now)": "pending",
        "pending (packages)": "pending",
        "pending_security": "pending_security",
        "restart_required": "restart_required",
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


def agrees(expected: str, ours: str) -> bool:
    """Whether our words say what the table's cell says."""
    # "yes for IPv4; IPv6 unknown": the whole is what its least known part is
    cell = "unknown" if "; ipv6 unknown" in expected.lower() else expected
    cell = re.split(r"[:(;]", cell)[0].strip().lower()
    mine = ours.lower()
    if "(use board)" in expected or mine == "known":
        return True  # the board's name stands in for a placeholder; a hash is only known
    state = _by_state(cell, mine)
    return _by_words(cell, expected, mine) if state is None else state


def _by_state(cell: str, mine: str) -> bool | None:
    """Compare yes, no, unknown, not-applicable and numbers; None: the cell is none of them."""
    first = cell.split(" ", maxsplit=1)[0].rstrip(",")
    if first in ("unknown", "not-applicable") or mine in ("unknown", "not-applicable"):
        return mine == first or (mine == "unknown" and first == "none")
    if found := re.match(r"yes after \d+ s", cell):
        return mine == found[0]
    if first == "yes" and re.fullmatch(r"[1-9]\d*", mine):
        return True  # "pending: yes"
    if first in ("yes", "no", "ineffective") or re.fullmatch(r"\d+", first):
        return mine == first
    return None


def _by_words(cell: str, expected: str, mine: str) -> bool:
    if cell.startswith(("everything", "all ports")):
        return "everything" in mine
    ports = re.findall(r"\b(?:tcp|udp)/[\d-]+", expected)
    if ports:
        return all(port in mine for port in ports)
    words = {cell, cell.replace(" ", "_"), *re.split(r"[(), ]+", expected.lower())} - {""}
    return any(word in mine or mine in word for word in words)
