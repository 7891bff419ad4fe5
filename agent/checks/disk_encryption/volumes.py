"""Names the volumes of a machine and the part each plays: one volume per set of devices.

What must lie in clear for the firmware or the boot loader is recognised by partition type or by
mount point, never by size or by file system: a vfat is no boot volume for being a vfat.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.checks.disk_encryption.blocks import Blocks
from agent.checks.disk_encryption.members import NOT_WRITABLE, members, on_disk
from agent.checks.disk_encryption.mounts import Mount, Swap
from agent.checks.disk_encryption.walk import PARTIAL, PLAIN, Answer, Walk, cannot
from agent.checks.disk_encryption.zfs import Zfs
from agent.host import CannotTell, NoData
from protos.posture.v1.signals_pb2 import VolumeRole

SYSTEM = VolumeRole.VOLUME_ROLE_SYSTEM
DATA = VolumeRole.VOLUME_ROLE_DATA
SWAP = VolumeRole.VOLUME_ROLE_SWAP
BOOT = VolumeRole.VOLUME_ROLE_BOOT
REMOVABLE = VolumeRole.VOLUME_ROLE_REMOVABLE
UNMOUNTED = VolumeRole.VOLUME_ROLE_UNMOUNTED
ORDER = (SYSTEM, DATA, SWAP, BOOT, REMOVABLE, UNMOUNTED)

BOOT_POINTS = frozenset(("/boot", "/boot/efi", "/boot/firmware", "/boot/grub", "/efi"))
SYSTEM_POINTS = frozenset(("/", "/usr", "/var", "/etc", "/opt", "/nix", "/sysroot"))
SYSTEM_TREES = ("/usr/", "/var/", "/etc/")
HOMES = re.compile(r"/home(/[^/]+)?")
"""All homes, or one: at work somebody lives there, whatever bus the disk is on."""
BOOT_TYPES = frozenset(
    (
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",  # EFI system partition (UEFI specification, 5.3.3)
        "0xef",  # the same in an MBR
        "bc13c2ff-59e6-4262-a352-b275fd6f7172",  # XBOOTLDR (UAPI group, discoverable partitions)
        "21686148-6449-6e6f-744e-656564454649",  # GRUB's BIOS boot
        "e3c9e316-0b5c-4db8-817d-f92df00215ae",  # Microsoft reserved
        "de94bba4-06d1-4d40-a16a-bfd50179d6ac",  # Windows recovery environment
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """One volume and what is known of it."""

    name: str
    device: str
    filesystem: str
    role: VolumeRole.ValueType
    answer: Answer
    devices: frozenset[str] = frozenset()


@dataclass
class Volumes:
    """Groups what is mounted and swapped to by the devices below."""

    walk: Walk
    zfs: Zfs
    partition_types: dict[str, str] = field(default_factory=dict)
    """From lsblk, for partitions udev says nothing of."""

    @property
    def blocks(self) -> Blocks:
        return self.walk.blocks

    def mounted(self, mounts: Iterable[Mount]) -> list[Found]:
        groups: dict[tuple[str, ...], list[Mount]] = {}
        asked: dict[tuple[str, str, str], tuple[str, ...]] = {}
        for mount in mounts:
            if not on_disk(mount):
                continue
            key = (mount.filesystem, mount.device, mount.source)
            if key not in asked:
                asked[key] = self._devices(mount)
            groups.setdefault(asked[key], []).append(mount)
        return [self._group(devices, group) for devices, group in groups.items()]

    def _devices(self, mount: Mount) -> tuple[str, ...]:
        if mount.filesystem == "zfs":
            return ("zfs", mount.source)
        try:
            return members(self.blocks, mount)
        except CannotTell:
            return ("?", mount.device, mount.source)

    def _group(self, devices: tuple[str, ...], group: Sequence[Mount]) -> Found:
        role = self._role(devices, [mount.point for mount in group])
        first = min(group, key=_importance)
        device, names = first.source, frozenset(devices)
        if devices[0] == "zfs":
            answer = self.zfs.answer(first.source)
        elif devices[0] == "?":
            answer = self._trouble(first)
        else:
            answer = self.walk.all_of(devices)
            device = self.blocks.path(devices[0])
        if first.filesystem == "bcachefs" and answer.protection == PLAIN:
            trouble = NoData(f"bcachefs on {first.point} may encrypt by itself")
            answer = cannot(trouble, replace(answer, remarks=()))
        return Found(first.point, device, first.filesystem, role, answer, names)

    def _trouble(self, mount: Mount) -> Answer:
        try:
            members(self.blocks, mount)
        except CannotTell as trouble:
            return cannot(trouble)
        raise AssertionError("members answered twice differently")

    def _role(self, devices: Sequence[str], points: Sequence[str]) -> VolumeRole.ValueType:
        roles = {point_role(point) for point in points}
        if SYSTEM in roles or any(map(HOMES.fullmatch, points)):
            return SYSTEM if SYSTEM in roles else DATA
        by_type = len(devices) == 1 and self.partition_type(devices[0]) in BOOT_TYPES
        return BOOT if roles == {BOOT} or by_type else DATA

    def partition_type(self, name: str) -> str:
        told = self.blocks.property(name, "ID_PART_ENTRY_TYPE") or self.partition_types.get(name)
        return (told or "").lower()

    def swaps(self, swaps: Iterable[Swap]) -> list[Found]:
        return [self._swap(swap) for swap in swaps]

    def _swap(self, swap: Swap) -> Found:
        names: frozenset[str] = frozenset()
        device = swap.path
        try:
            if swap.is_file:
                answer = self.walk.on_path(swap.path)
            else:
                name = self.blocks.at(swap.path)
                names, device = frozenset((name,)), self.blocks.path(name)
                answer = self._zvol(name) or self.walk.answer(name)
        except CannotTell as trouble:
            answer = cannot(trouble)
        return Found("[swap]", device, "swap", SWAP, answer, names)

    def _zvol(self, name: str) -> Answer | None:
        links = self.blocks.udev(name, "S") if name.startswith("zd") else []
        dataset = next((link[5:] for link in links if link.startswith("zvol/")), None)
        return self.zfs.answer(dataset) if dataset else None

    def unmounted(self, known: Sequence[Found], named: Mapping[str, str]) -> list[Found]:
        """Fixed plain file systems that nothing mounts: another system, an old disk.

        `named` are those of fstab, which tells of them where udev does not.
        """
        used = frozenset().union(*(found.devices for found in known))
        candidates = (name for name in self.blocks.names if name not in used)
        return [found for name in candidates if (found := self._unmounted(name, named.get(name)))]

    def _unmounted(self, name: str, in_fstab: str | None) -> Found | None:
        told = self.blocks.property
        filesystem = told(name, "ID_FS_TYPE") or in_fstab or ""
        holds = in_fstab is not None or told(name, "ID_FS_USAGE") == "filesystem"
        if not holds or filesystem in NOT_WRITABLE:
            return None
        if name.startswith(("loop", "zram", "ram")) or self.partition_type(name) in BOOT_TYPES:
            return None
        answer = self.walk.answer(name)
        if answer.protection not in (PLAIN, PARTIAL) or self._above(name):
            return None
        path = self.blocks.path(name)
        return Found(path, path, filesystem, UNMOUNTED, answer, frozenset((name,)))

    def _above(self, name: str) -> bool:
        try:
            return bool(self.blocks.above(name))
        except CannotTell:
            return False

    def placed(self, found: Sequence[Found]) -> list[Found]:
        """With what lies on removable disks marked so, except beside the system, /home or swap."""
        kept = frozenset().union(
            *(
                one.answer.disks
                for one in found
                if one.role in (SYSTEM, SWAP) or HOMES.fullmatch(one.name)
            )
        )
        placed = []
        for one in found:
            disks = one.answer.disks
            out = disks and not disks & kept and all(map(self.blocks.removable, sorted(disks)))
            if out and one.role == UNMOUNTED:
                continue
            fixed = not out or one.role == BOOT
            placed.append(one if fixed else replace(one, role=REMOVABLE))
        return sorted(placed, key=lambda f: (ORDER.index(f.role), f.name, f.device))


def _importance(mount: Mount) -> tuple[int, bool, int, str]:
    """For the one mount point of several that a volume is named by."""
    point = mount.point
    return ORDER.index(point_role(point)), not HOMES.fullmatch(point), len(point), point


def point_role(point: str) -> VolumeRole.ValueType:
    """By mount point alone."""
    if point in BOOT_POINTS:
        return BOOT
    return SYSTEM if point in SYSTEM_POINTS or point.startswith(SYSTEM_TREES) else DATA
