"""A lost or stolen laptop must not give its data away."""

from collections.abc import Iterable, Mapping

from collector.model import Circumstances, Rule, Severity, Status, Verdict
from collector.policy.wording import Counted, Text, listed, sentence, with_detail
from collector.translation import marked
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
    Protection.PROTECTION_PLAIN: marked("not encrypted: %(names)s"),
    Protection.PROTECTION_PARTIAL: marked("encrypted only in part: %(names)s"),
    Protection.PROTECTION_KEY_EXPOSED: marked(
        "encrypted, but with its key in clear or suspended: %(names)s"
    ),
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
        return Verdict(Status.FAIL, sentence(*exposed), cause=_weakness(counting))
    doubt = _doubt(seen, counting)
    if doubt:
        return Verdict(Status.UNKNOWN, sentence(doubt))
    methods = sorted({volume.method for volume in counting if volume.method})
    words = Counted(
        "%(num)s volume seen, none in clear", "%(num)s volumes seen, none in clear", len(counting)
    )
    said = with_detail(words, ", ".join(methods))
    return Verdict(Status.PASS, sentence(said, *_unmounted(seen)))


def _exposed(counting: Iterable[Volume]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for volume in counting:
        if volume.protection in EXPOSED:
            groups.setdefault(EXPOSED[volume.protection], []).append(_described(volume))
    return [Text(how, names=listed(names)) for how, names in groups.items()]


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
        names = listed(unclear)
        return Text("it could not be told whether these are encrypted: %(names)s", names=names)
    if nameless:
        names = listed(nameless)
        return Text("it could not be told what these volumes are for: %(names)s", names=names)
    system = [v for v in counting if v.role == VolumeRole.VOLUME_ROLE_SYSTEM]
    if not any(v.protection == Protection.PROTECTION_ENCRYPTED for v in system):
        return Text("the volume with the operating system was not seen")
    return ""


def _safe(volume: Volume) -> bool:
    """Memory alone is an answer, as for swap or logs; an operating system in it is a riddle."""
    if volume.protection == Protection.PROTECTION_MEMORY_ONLY:
        return volume.name != "/"
    return volume.protection == Protection.PROTECTION_ENCRYPTED


def _described(volume: Volume) -> str:
    device = volume.device.removeprefix("/dev/")
    place: str = volume.filesystem or device
    if volume.filesystem and device:
        place = Text("%(filesystem)s on %(device)s", filesystem=volume.filesystem, device=device)
    return with_detail(volume.name or Text("a volume"), place)


def _unmounted(seen: DiskEncryption) -> list[str]:
    plain = [
        volume.name or volume.device
        for volume in seen.volumes
        if volume.role == VolumeRole.VOLUME_ROLE_UNMOUNTED
        and volume.protection == Protection.PROTECTION_PLAIN
    ]
    return [Text("in clear, but not mounted: %(names)s", names=listed(plain))] if plain else []


RULE = Rule(
    id="disk_encrypted",
    signal="disk_encryption",
    severity=Severity.CRITICAL,
    judge=judge,
    needs=("volumes",),
    whole_to_pass=("volumes",),
)
