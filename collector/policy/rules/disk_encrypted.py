"""A lost or stolen laptop must not give its data away."""

from collections.abc import Iterable, Mapping

from collector.model import Circumstances, Rule, Severity, Status, Verdict
from collector.policy.wording import counted, listed, sentence
from protos.posture.v1.signals_pb2 import DiskEncryption, Protection, Volume, VolumeRole

COUNTED = (
    VolumeRole.VOLUME_ROLE_SYSTEM,
    VolumeRole.VOLUME_ROLE_DATA,
    VolumeRole.VOLUME_ROLE_SWAP,
)
ASIDE = (
    VolumeRole.VOLUME_ROLE_BOOT,
    VolumeRole.VOLUME_ROLE_REMOVABLE,
    VolumeRole.VOLUME_ROLE_UNMOUNTED,
)
EXPOSED = {
    Protection.PROTECTION_PLAIN: "not encrypted",
    Protection.PROTECTION_PARTIAL: "encrypted only in part",
    Protection.PROTECTION_KEY_EXPOSED: "encrypted, but with its key in clear or suspended",
}

BESIDE_THE_SYSTEM = {
    VolumeRole.VOLUME_ROLE_SWAP: "swap_only",
    VolumeRole.VOLUME_ROLE_DATA: "data_only",
}
WEAKNESSES = {
    Protection.PROTECTION_KEY_EXPOSED: "key_exposed",
    Protection.PROTECTION_PARTIAL: "in_part",
}


def judge(seen: DiskEncryption, _: Mapping[str, int], __: Circumstances) -> Verdict:
    counting = [volume for volume in seen.volumes if volume.role in COUNTED]
    exposed = _exposed(counting)
    if exposed:
        return Verdict(Status.FAIL, sentence(exposed), cause=_weakness(counting))
    doubt = _doubt(seen, counting)
    if doubt:
        return Verdict(Status.UNKNOWN, sentence(doubt))
    methods = sorted({volume.method for volume in counting if volume.method})
    how = f" ({', '.join(methods)})" if methods else ""
    words = f"{counted(len(counting), 'volume')} seen, none in clear{how}"
    return Verdict(Status.PASS, sentence(words + _unmounted(seen)))


def _exposed(counting: Iterable[Volume]) -> str:
    groups: dict[str, list[str]] = {}
    for volume in counting:
        if volume.protection in EXPOSED:
            groups.setdefault(EXPOSED[volume.protection], []).append(_described(volume))
    return "; ".join(f"{how}: {listed(names)}" for how, names in groups.items())


def _weakness(counting: Iterable[Volume]) -> str:
    """Set when every volume that fails does so in one way that needs no new installation."""
    volumes = list(counting)
    failing = [volume for volume in volumes if volume.protection in EXPOSED]
    kinds = {volume.protection for volume in failing}
    if len(kinds) != 1:
        return ""
    kind, roles = kinds.pop(), {volume.role for volume in failing}
    system = [volume for volume in volumes if volume.role == VolumeRole.VOLUME_ROLE_SYSTEM]
    if kind == Protection.PROTECTION_PLAIN and len(roles) == 1 and system:
        return BESIDE_THE_SYSTEM.get(roles.pop(), "") if all(map(_safe, system)) else ""
    return WEAKNESSES.get(kind, "")


def _doubt(seen: DiskEncryption, counting: list[Volume]) -> str:
    nameless = [v.name for v in seen.volumes if v.role not in (*COUNTED, *ASIDE)]
    unclear = [v.name for v in counting if not _safe(v)]
    if unclear:
        return f"it could not be told whether these are encrypted: {listed(unclear)}"
    if nameless:
        return f"it could not be told what these volumes are for: {listed(nameless)}"
    system = [v for v in counting if v.role == VolumeRole.VOLUME_ROLE_SYSTEM]
    if not any(v.protection == Protection.PROTECTION_ENCRYPTED for v in system):
        return "the volume with the operating system was not seen"
    return ""


def _safe(volume: Volume) -> bool:
    """Memory alone is an answer, as for swap or logs; an operating system in it is a riddle."""
    if volume.protection == Protection.PROTECTION_MEMORY_ONLY:
        return volume.name != "/"
    return volume.protection == Protection.PROTECTION_ENCRYPTED


def _described(volume: Volume) -> str:
    device = volume.device.removeprefix("/dev/")
    place = " on ".join(word for word in (volume.filesystem, device) if word)
    return f"{volume.name or 'a volume'} ({place})" if place else volume.name or "a volume"


def _unmounted(seen: DiskEncryption) -> str:
    plain = [
        volume.name or volume.device
        for volume in seen.volumes
        if volume.role == VolumeRole.VOLUME_ROLE_UNMOUNTED
        and volume.protection == Protection.PROTECTION_PLAIN
    ]
    return f"; in clear, but not mounted: {listed(plain)}" if plain else ""


RULE = Rule(
    id="disk_encrypted",
    signal="disk_encryption",
    severity=Severity.CRITICAL,
    judge=judge,
    needs=("volumes",),
    whole_to_pass=("volumes",),
)
