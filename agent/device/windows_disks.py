"""Lists the disks of a Windows machine: MSFT_PhysicalDisk before Win32_DiskDrive.

Win32_DiskDrive rounds sizes down to whole cylinders and does not know what spins.
"""

from agent.device.identifiers import believable
from agent.host import CannotTell, Host, Row
from agent.windows.rows import flag, number, words
from protos.posture.v1.device_pb2 import Disk

USB, VIRTUAL, FILE_BACKED, SPACES = 7, 14, 15, 16
"""BusType."""
MOST_BYTES = 1 << 64
ROTATIONAL = {3: True, 4: False}
"""MSFT_PhysicalDisk.MediaType: hard disk, solid state; others do not tell."""
OUTSIDE = ("removable media", "external hard disk media")


def read_disks(host: Host) -> list[Disk]:
    """Never raises CannotTell; a virtual disk above others is none."""
    for question, read in (("MSFT_PhysicalDisk", _physical), ("Win32_DiskDrive", _drive)):
        try:
            found = [disk for row in host.cim(question) if (disk := read(row))]
        except CannotTell:
            continue
        if found:
            return sorted(found, key=lambda disk: (disk.model, disk.size_bytes))
    return []


def _physical(row: Row) -> Disk | None:
    bus, media = number(row, "BusType"), number(row, "MediaType")
    if bus in (VIRTUAL, FILE_BACKED, SPACES):
        return None
    disk = _disk(row, words(row, "Model") or words(row, "FriendlyName"))
    if disk is not None and bus is not None:
        disk.removable = bus == USB
    if disk is not None and media in ROTATIONAL:
        disk.rotational = ROTATIONAL[media]
    return disk


def _drive(row: Row) -> Disk | None:
    media = (words(row, "MediaType") or "").lower()
    disk = _disk(row, words(row, "Model"))
    if disk is not None and (media or words(row, "InterfaceType")):
        disk.removable = media in OUTSIDE or words(row, "InterfaceType") == "USB"
    return disk


def _disk(row: Row, model: str | None) -> Disk | None:
    size = number(row, "Size")
    if size is None or not 0 < size < MOST_BYTES:
        return None
    disk = Disk(size_bytes=size)
    if model:
        disk.model = " ".join(model.split())
    return disk


def boot_serial(host: Host) -> str | None:
    """The serial number of the disk that Windows starts from, as its maker wrote it."""
    try:
        serials = {_serial(row) for row in host.cim("MSFT_Disk") if flag(row, "IsBoot")}
    except CannotTell:
        return None
    return serials.pop() if len(serials) == 1 else None


def _serial(row: Row) -> str | None:
    return believable((words(row, "SerialNumber") or "").rstrip("."))
