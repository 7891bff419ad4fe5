"""Names the volumes of a Windows machine and the part each plays.

Win32_Volume lists every volume, with a letter, a folder or nothing. Its BootVolume is the volume
Windows runs from, its SystemVolume the one that firmware reads:
https://learn.microsoft.com/windows/win32/cimwin32prov/win32-volume
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.host import CannotTell, Host, NoData, Row
from agent.windows.rows import each, flag, number, words
from protos.posture.v1.signals_pb2 import VolumeRole

SYSTEM = VolumeRole.VOLUME_ROLE_SYSTEM
DATA = VolumeRole.VOLUME_ROLE_DATA
BOOT = VolumeRole.VOLUME_ROLE_BOOT
REMOVABLE = VolumeRole.VOLUME_ROLE_REMOVABLE
UNMOUNTED = VolumeRole.VOLUME_ROLE_UNMOUNTED

REMOVABLE_DRIVE, FIXED_DRIVE = 2, 3
NO_DISKS = frozenset((1, 4, 5, 6))
"""DriveType: no root folder, network, optical, memory."""
USB, FIREWIRE, FILE_BACKED = 7, 4, 15
"""MSFT_Disk.BusType."""
BOOT_PARTITIONS = frozenset(
    (
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",  # EFI system partition
        "e3c9e316-0b5c-4db8-817d-f92df00215ae",  # Microsoft reserved
        "de94bba4-06d1-4d40-a16a-bfd50179d6ac",  # Windows recovery environment
    )
)
BOOT_MBR_TYPES = frozenset((0x27, 0xEF))
"""Windows recovery, EFI."""


@dataclass(frozen=True, slots=True)
class Place:
    """One volume: `name` is its letter, else its folder, else its device."""

    name: str
    device: str
    letter: str = ""
    filesystem: str = ""
    role: VolumeRole.ValueType | None = None
    typed: bool = False
    """Its partition type is known, so that `role` does not rest on its having no letter."""


@dataclass(slots=True)
class Places:
    """The volumes to answer for; and those left out, which lie in a file on another volume."""

    volumes: list[Place] = field(default_factory=list)
    left_out: list[Place] = field(default_factory=list)


def read_places(host: Host) -> Places:
    """Raises CannotTell when Win32_Volume cannot be asked, or names none: each Windows has one."""
    rows = host.cim("Win32_Volume")
    if not rows:
        raise NoData("Win32_Volume names no volume")
    partitions, buses = _rows(host, "MSFT_Partition"), _buses(_rows(host, "MSFT_Disk"))
    places = Places()
    for row in rows:
        device = (words(row, "DeviceID") or "").lower()
        partition = _partition(device, partitions)
        disk = number(partition, "DiskNumber") if partition else None
        bus = buses.get(disk) if disk is not None else None
        _place(places, row, partition, bus)
    return places


def _rows(host: Host, question: str) -> Sequence[Row]:
    """They refine what Win32_Volume says: without them less is left out."""
    try:
        return host.cim(question)
    except CannotTell:
        return ()


def _buses(disks: Sequence[Row]) -> dict[int, int | None]:
    numbers = {number(disk, "Number"): number(disk, "BusType") for disk in disks}
    return {disk: bus for disk, bus in numbers.items() if disk is not None}


def _partition(device: str, partitions: Sequence[Row]) -> Row | None:
    for partition in partitions:
        paths = {str(path).lower() for path in each(partition, "AccessPaths")}
        if device and device in paths:
            return partition
    return None


def _place(places: Places, row: Row, partition: Row | None, bus: int | None) -> None:
    device, letter = words(row, "DeviceID") or "", (words(row, "DriveLetter") or "").upper()
    folder = words(row, "Name") or ""
    mounted = letter or (folder.rstrip("\\") if re.match(r"[A-Za-z]:\\.", folder) else "")
    name = mounted or device
    if not name or number(row, "DriveType") in NO_DISKS:
        return
    role = _role(row, partition, bool(mounted), bus)
    filesystem = words(row, "FileSystem") or ""
    place = Place(name, device.lower(), letter, filesystem, role, partition is not None)
    in_a_file = bus == FILE_BACKED and role != SYSTEM
    (places.left_out if in_a_file else places.volumes).append(place)


def _role(
    row: Row, partition: Row | None, mounted: bool, bus: int | None
) -> VolumeRole.ValueType | None:
    drive = number(row, "DriveType")
    if flag(row, "BootVolume"):
        return SYSTEM
    if drive == REMOVABLE_DRIVE or bus in (USB, FIREWIRE):
        return REMOVABLE
    # With a letter it may hold anything, whatever boots from it.
    reads_only = flag(row, "SystemVolume") and not mounted
    if reads_only or (partition is not None and _boots(partition)):
        return BOOT
    if drive != FIXED_DRIVE:
        return None
    return DATA if mounted else UNMOUNTED


def _boots(partition: Row) -> bool:
    gpt = (words(partition, "GptType") or "").strip("{}").lower()
    return gpt in BOOT_PARTITIONS or number(partition, "MbrType") in BOOT_MBR_TYPES
