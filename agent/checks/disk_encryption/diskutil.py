"""Reads ``diskutil list``: which disks are built in, and what is mounted where.

A mounted disk image is a disk as well, and what it holds lies on another volume: only the built-in
physical disks of ``diskutil list internal physical`` count.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.host import CannotTell, Host, Unparsable
from agent.macos import plists

ALL = ("diskutil", "list", "-plist")
BUILT_IN = ("diskutil", "list", "-plist", "internal", "physical")
TIME_LIMIT = 20.0
WITHOUT_FILES = re.compile(
    r"EFI|Apple_APFS.*|Apple_KernelCoreDump|Apple_Boot|Apple_partition.*|GUID_partition_scheme"
    r"|FDisk_partition_scheme|Apple_Free|Microsoft Reserved|"
)
"""Content of partitions that hold no files of a person, or are listed as APFS."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One that is not APFS: "Apple_HFS", "Apple_CoreStorage", "Microsoft Basic Data"."""

    device: str
    content: str
    name: str
    mounted_at: str


@dataclass(frozen=True, slots=True)
class Disks:
    """`built_in` is None where it could not be told which disks are."""

    built_in: frozenset[str] | None = None
    points: Mapping[str, str] = field(default_factory=dict)
    """Mount points by device, of APFS volumes."""
    partitions: tuple[Partition, ...] = ()
    trouble: CannotTell | None = None
    """Why it is not known what else is on the disks."""

    def is_built_in(self, stores: tuple[str, ...]) -> bool | None:
        """Whether all of these partitions lie on built-in disks; None: not known."""
        if self.built_in is None or not stores:
            return None
        return all(whole_disk(store) in self.built_in for store in stores)


def whole_disk(device: str) -> str:
    """
    >>> whole_disk("disk3s1s1"), whole_disk("disk0")
    ('disk3', 'disk0')
    """
    found = re.match(r"disk\d+", device)
    return found[0] if found else device


def disks(host: Host) -> Disks:
    """Never raises CannotTell: what was not seen is said in `trouble`."""
    try:
        built_in = parse_built_in(host.run(*BUILT_IN, time_limit=TIME_LIMIT).text)
        everything = host.run(*ALL, time_limit=TIME_LIMIT).text
        points, partitions = parse_all(everything)
    except CannotTell as trouble:
        return Disks(trouble=trouble)
    return Disks(built_in, points, partitions)


def parse_built_in(text: str) -> frozenset[str]:
    """The whole disks. Raises Unparsable; a Mac without any would have nothing to start from."""
    found = plists.table(text, " ".join(BUILT_IN)).get("WholeDisks")
    if not isinstance(found, list) or not found:
        raise Unparsable(f"{' '.join(BUILT_IN)} names no disk")
    return frozenset(str(disk) for disk in found)


def parse_all(text: str) -> tuple[dict[str, str], tuple[Partition, ...]]:
    """Mount points of APFS volumes, and all other partitions. Raises Unparsable."""
    listed = plists.table(text, " ".join(ALL)).get("AllDisksAndPartitions")
    if not isinstance(listed, list):
        raise Unparsable(f"{' '.join(ALL)} lists no disks")
    points: dict[str, str] = {}
    partitions = []
    for disk in (each for each in listed if isinstance(each, dict)):
        for volume in _inside(disk, "APFSVolumes"):
            points[str(volume.get("DeviceIdentifier"))] = _mounted_at(volume)
        whole = [] if "APFSVolumes" in disk or "APFSPhysicalStores" in disk else [disk]
        for part in _inside(disk, "Partitions") or whole:
            content = str(part.get("Content", ""))
            if not WITHOUT_FILES.fullmatch(content):
                device, name = str(part.get("DeviceIdentifier")), str(part.get("VolumeName", ""))
                partitions.append(Partition(device, content, name, str(part.get("MountPoint", ""))))
    return points, tuple(partitions)


def _inside(disk: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    found = disk.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _mounted_at(volume: Mapping[str, object]) -> str:
    """The running system is mounted as a snapshot of its volume."""
    for snapshot in _inside(volume, "MountedSnapshots"):
        if snapshot.get("SnapshotMountPoint") == "/":
            return "/"
    return str(volume.get("MountPoint", ""))
