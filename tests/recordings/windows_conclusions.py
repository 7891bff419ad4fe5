"""What our observations of a Windows machine amount to, in the words of a table of facts.

It answers what `conclusions` has no word for: volumes by letter or folder, profiles by name.
"""

from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.signals_pb2 import Protection, Volume, VolumeRole
from tests.recordings.conclusions import Observed, conclude, inbound, without_value

PROFILES = ("domain", "private", "public")
PROTECTIONS = {
    Protection.PROTECTION_ENCRYPTED: "encrypted",
    Protection.PROTECTION_KEY_EXPOSED: "ineffective",
    Protection.PROTECTION_PARTIAL: "partial",
    Protection.PROTECTION_PLAIN: "plain",
}
COUNTED = {
    "boot_volumes": VolumeRole.VOLUME_ROLE_BOOT,
    "removable_volumes": VolumeRole.VOLUME_ROLE_REMOVABLE,
    "fixed_data_volumes": VolumeRole.VOLUME_ROLE_DATA,
}


def conclude_windows(fact: str, seen: Observed, inventory: Inventory) -> str | None:
    """Our answer to one fact, or None when it is none of ours."""
    room, _, rest = fact.partition(".")
    if room == "disk" and (rest in COUNTED or rest[1:2] == ":"):
        return disk(rest, list(seen["disk_encryption"].disk_encryption.volumes))
    if room == "firewall" and rest in PROFILES:
        scopes = {scope.name: inbound(scope) for scope in seen["firewall"].firewall.scopes}
        return without_value(seen["firewall"]) or scopes.get(rest, "unknown")
    if room == "inventory":
        return device(rest, inventory)
    return conclude(fact, seen, inventory)


def disk(rest: str, volumes: list[Volume]) -> str:
    if rest in COUNTED:
        return str(sum(volume.role == COUNTED[rest] for volume in volumes))
    found = [volume for volume in volumes if volume.name == rest]
    if not found:
        return "unknown"
    return PROTECTIONS.get(found[0].protection, "unknown")


def device(rest: str, inventory: Inventory) -> str:
    """A field of the inventory in words; "unknown" when it is unset."""
    if rest == "disks":
        kinds = {True: "HDD", False: "SSD"}
        return ", ".join(
            f"{d.model} {d.size_bytes} {kinds[d.rotational] if d.HasField('rotational') else '?'}"
            for d in inventory.disks
        )
    return str(getattr(inventory, rest)) if inventory.HasField(rest) else "unknown"  # type: ignore[arg-type]
