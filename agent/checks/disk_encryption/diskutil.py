"""Reads ``diskutil list``: which disks are built in, and what is mounted where.

A mounted disk image is a disk as well, and what it holds lies on another volume: only the built-in
physical disks of ``diskutil list internal physical`` count. A memory card in a Mac's own reader is
listed there too, and is no more part of the Mac than a stick: ``system_profiler`` names the cards.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent.host import CannotTell, Host, Unparsable
from agent.macos import plists

ALL = ("diskutil", "list", "-plist")
BUILT_IN = ("diskutil", "list", "-plist", "internal", "physical")
CARDS = ("system_profiler", "-json", "SPCardReaderDataType")
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
        """Whether any of these partitions lies on a built-in disk; None: not known."""
        if self.built_in is None or not stores:
            return None
        return any(whole_disk(store) in self.built_in for store in stores)


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
    if len(built_in) > 1:
        built_in -= _cards(host)
    return Disks(built_in, points, partitions)


def _cards(host: Host) -> frozenset[str]:
    """The whole disks that lie in a card reader; what is not told of counts as built in."""
    try:
        told = json.loads(host.run(*CARDS, time_limit=TIME_LIMIT).text)
        return frozenset(whole_disk(name) for name in _disk_names(told))
    except (CannotTell, ValueError, RecursionError):
        return frozenset()


def _disk_names(told: object) -> Iterator[str]:
    """Every "bsd_name" of a disk, at any depth: readers hold cards, and cards hold volumes."""
    if isinstance(told, list):
        for each in told:
            yield from _disk_names(each)
    elif isinstance(told, dict):
        name = told.get("bsd_name")
        if isinstance(name, str) and re.fullmatch(r"disk\d+(?:s\d+)*", name):
            yield name
        for inside in told.values():
            yield from _disk_names(inside)


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
