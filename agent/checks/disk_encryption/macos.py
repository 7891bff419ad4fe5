"""disk_encryption on macOS: is FileVault on for every volume that holds a person's data?

``diskutil apfs list`` tells of each volume, ``fdesetup`` of the running system; where the two
disagree neither is believed. What Apple keeps in clear by design (Preboot, Recovery, VM, ...) is
not listed: the swap in VM is encrypted on its own on every Mac.
"""

from agent.checks.disk_encryption.apfs import ApfsVolume, apfs_volumes, containers_with
from agent.checks.disk_encryption.diskutil import Disks, Partition, disks
from agent.checks.disk_encryption.filevault import STATUS, FileVault, filevault
from agent.host import CannotTell, Conflicting, Host, NoData, NotRecorded, Unparsable
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import DiskEncryption, Protection, Volume, VolumeRole

ENCRYPTED = Protection.PROTECTION_ENCRYPTED
PLAIN = Protection.PROTECTION_PLAIN
PARTIAL = Protection.PROTECTION_PARTIAL
KEY_EXPOSED = Protection.PROTECTION_KEY_EXPOSED
SYSTEM = VolumeRole.VOLUME_ROLE_SYSTEM
DATA = VolumeRole.VOLUME_ROLE_DATA

IN_CLEAR_BY_DESIGN = frozenset(
    ("preboot", "recovery", "vm", "update", "xart", "hardware", "iscpreboot", "baseband")
) | {"installer", "prelogin"}
PEOPLES = frozenset(("data", "system", "user", "backup"))
AT_REST = "encrypted by the hardware without FileVault: it opens without a password"
CONVERSION = "a conversion is under way"
DATA_POINT = "/System/Volumes/Data"


def observe(host: Host) -> Seen:
    """Raises CannotTell when neither diskutil nor fdesetup answers."""
    seen = Seen(DiskEncryption())
    witness = _witness(host, seen)
    try:
        source, volumes = apfs_volumes(host)
    except CannotTell as trouble:
        if not isinstance(witness, FileVault):
            raise
        return _running_system_only(seen, witness, trouble)
    around = disks(host)
    judged = [volume for volume in volumes if not _by_design(volume)]
    seen.because(source, "; ".join(_shown(volume) for volume in judged) or "no volume of a person")
    system = _running(judged, around)
    for volume in sorted(judged, key=lambda one: (one not in system, one.device)):
        _apfs(seen, volume, system, around, witness)
    for partition in around.partitions:
        _other(seen, partition, around)
    if around.trouble is not None:
        seen.because("diskutil list -plist", f"no answer: {around.trouble}")
        if not isinstance(around.trouble, NotRecorded):  # volumes that are not APFS went unseen
            seen.missing("volumes", around.trouble)
    return seen


def _witness(host: Host, seen: Seen) -> FileVault | Unparsable | NoData | None:
    """None where it does not answer; what it says in unknown words could be anything."""
    try:
        found = filevault(host)
    except CannotTell as trouble:
        seen.because(" ".join(STATUS), f"no answer: {trouble}")
        return trouble if isinstance(trouble, Unparsable | NoData) else None
    seen.because(found.source, f"FileVault is {found.said}")
    return found


def _by_design(volume: ApfsVolume) -> bool:
    return bool(volume.roles) and {role.lower() for role in volume.roles} <= IN_CLEAR_BY_DESIGN


def _shown(volume: ApfsVolume) -> str:
    words = {True: "FileVault", False: "no FileVault", None: "not said"}[volume.filevault]
    return f"{volume.name} ({', '.join(volume.roles) or 'no role'}): {words}"


def _running(volumes: list[ApfsVolume], around: Disks) -> list[ApfsVolume]:
    """The volumes of the system that runs: those in the container of "/", where that is known."""
    started = {v.container for v in volumes if around.points.get(v.device) == "/"}
    if not started:
        started = containers_with(volumes, "System") or containers_with(volumes, "Data")
    if not started and len(volumes) == 1:  # before 10.15 one volume without a role held it all
        return volumes
    return [v for v in volumes if v.container in started and set(v.roles) & {"System", "Data"}] or [
        v for v in volumes if around.points.get(v.device) == "/"
    ]


def _apfs(
    seen: Seen,
    volume: ApfsVolume,
    system: list[ApfsVolume],
    around: Disks,
    witness: FileVault | Unparsable | NoData | None,
) -> None:
    assert isinstance(seen.value, DiskEncryption)
    name = _name(seen.value, volume, system, around)
    found = seen.value.volumes.add(name=name, device=f"/dev/{volume.device}", filesystem="apfs")
    running = volume in system
    if running and isinstance(witness, CannotTell):
        seen.missing(f"volumes[{name}].protection", witness)
    else:
        told = witness if running and isinstance(witness, FileVault) else None
        _protect(seen, found, volume, told)
    role = SYSTEM if running else _role(volume, around)
    if role is None and found.protection == ENCRYPTED:
        role = DATA
    if role is not None:
        found.role = role
    else:
        seen.missing(f"volumes[{name}].role", around.trouble or NoData("its use is not known"))


def _name(
    value: DiskEncryption, volume: ApfsVolume, system: list[ApfsVolume], around: Disks
) -> str:
    """Where it is mounted; else what that is on every Mac; else what people call it."""
    taken = {each.name for each in value.volumes}
    usual = "/"
    if volume in system and "Data" in volume.roles and len(system) > 1:
        usual = DATA_POINT
    names = [around.points.get(volume.device, ""), usual if volume in system else "", volume.name]
    free = (name for name in names if name and name not in taken)
    return next(free, f"{volume.name} ({volume.device})")


def _role(volume: ApfsVolume, around: Disks) -> VolumeRole.ValueType | None:
    """None where it is not known whether the volume is built in, or what its role means."""
    built_in = around.is_built_in(volume.stores)
    if built_in is False:
        return VolumeRole.VOLUME_ROLE_REMOVABLE
    known = {role.lower() for role in volume.roles} <= PEOPLES
    return DATA if built_in and known else None


def _protect(seen: Seen, found: Volume, volume: ApfsVolume, witness: FileVault | None) -> None:
    """FileVault decides, never the encryption of the hardware below it."""
    converting = volume.converting or bool(witness and witness.converting)
    if witness is not None:
        found.remarks.extend(witness.remarks)
    if volume.filevault is None and volume.encryption is not False:
        trouble: CannotTell = NoData(
            f"diskutil does not say whether FileVault is on: {volume.name}"
        )
        seen.missing(f"volumes[{found.name}].protection", trouble)
    elif converting:
        found.protection = PARTIAL
        found.remarks.append(witness.converting if witness and witness.converting else CONVERSION)
    elif witness is not None and witness.on is not bool(volume.filevault):
        words = f"diskutil and {witness.source} disagree on FileVault for {found.name}"
        seen.missing(f"volumes[{found.name}].protection", Conflicting(words))
    elif volume.filevault:
        found.protection, found.method = ENCRYPTED, "FileVault"
    elif volume.encryption:
        found.protection = KEY_EXPOSED
        found.remarks.append(AT_REST)
    else:
        found.protection = PLAIN


def _other(seen: Seen, partition: Partition, around: Disks) -> None:
    """HFS+, FAT and the like have no FileVault of their own; CoreStorage may hold one."""
    assert isinstance(seen.value, DiskEncryption)
    name = partition.mounted_at or partition.name or partition.device
    device = f"/dev/{partition.device}"
    found = seen.value.volumes.add(name=name, device=device, filesystem=partition.content)
    core_storage = partition.content == "Apple_CoreStorage"
    if not around.is_built_in((partition.device,)):
        found.role = VolumeRole.VOLUME_ROLE_REMOVABLE
    elif partition.mounted_at or core_storage:
        found.role = DATA
    else:
        found.role = VolumeRole.VOLUME_ROLE_UNMOUNTED
    if core_storage or not partition.mounted_at:
        trouble = NoData(f"diskutil list does not say whether {partition.content} is encrypted")
        seen.missing(f"volumes[{name}].protection", trouble)
    else:
        found.protection = PLAIN


def _running_system_only(seen: Seen, witness: FileVault, trouble: CannotTell) -> Seen:
    """fdesetup speaks of the running system; of other volumes nothing is known."""
    assert isinstance(seen.value, DiskEncryption)
    found = seen.value.volumes.add(name="/", role=SYSTEM, remarks=witness.remarks)
    if witness.converting:
        found.protection = PARTIAL
        found.remarks.append(witness.converting)
    elif witness.on:
        found.protection, found.method = ENCRYPTED, "FileVault"
    else:
        found.protection = PLAIN
    seen.missing("volumes", trouble)
    return seen
