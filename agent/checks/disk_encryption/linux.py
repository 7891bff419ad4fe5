"""Says what lies on this Linux machine's disks in clear, volume by volume.

The order of belief: what the kernel has mounted (/proc), what it has stacked (/sys/class/block),
what device-mapper does with the data (its live table). lsblk is asked only where /proc or /sys
cannot be read, and can then show a volume as plain, never as encrypted.
"""

from dataclasses import dataclass, replace

from agent import virtualization
from agent.checks.disk_encryption import fstab, lsblk
from agent.checks.disk_encryption.blocks import Blocks
from agent.checks.disk_encryption.crypt import Target, read_dm_table, read_status
from agent.checks.disk_encryption.homes import encrypted_homes
from agent.checks.disk_encryption.keys import Keys
from agent.checks.disk_encryption.mounts import Mount, holding, parse_swaps, read_mounts
from agent.checks.disk_encryption.volumes import (
    DATA,
    ORDER,
    REMOVABLE,
    SWAP,
    Found,
    Volumes,
    point_role,
)
from agent.checks.disk_encryption.walk import HIDDEN_BELOW, MEMORY_ONLY, PLAIN, Answer, Walk, cannot
from agent.checks.disk_encryption.zfs import Zfs
from agent.host import CannotTell, Host, NoData, NotApplicableHere, ToolMissing, read_text
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import DiskEncryption, Volume

DISKLESS = frozenset(
    ("nfs", "nfs4", "tmpfs", "ramfs", "rootfs", "9p", "virtiofs", "cifs", "smb3", "ceph")
)
MOST_VOLUMES = 40


def observe(host: Host) -> Seen:
    """Every mounted volume and every swap. Raises CannotTell, NotApplicableHere."""
    kind = virtualization.container(host)
    if kind:
        raise NotApplicableHere(f"runs in a container ({kind}); the disks are the host's")
    try:
        source, mounts = read_mounts(host)
        blocks = Blocks(host)
    except CannotTell as trouble:
        return _from_lsblk(host, trouble)
    return _Look(host, blocks, source, mounts).seen()


@dataclass
class _Look:
    """One look at one machine."""

    host: Host
    blocks: Blocks
    source: str
    mounts: tuple[Mount, ...]
    tables_from: str = "dmsetup table"

    def seen(self) -> Seen:
        tables = self._tables()
        walk = Walk(self.blocks, self.mounts, tables)
        volumes = Volumes(walk, Zfs(self.host, walk), self._partition_types())
        keys = Keys(self.host, walk)
        idle = fstab.unmounted(self.host, self.blocks, self.mounts)
        on_use = [fstab.as_mount(self.blocks, *one) for one in idle if one[0].on_demand]
        active = volumes.mounted((*self.mounts, *on_use)) + self._swaps(volumes)
        named = {name: entry.filesystem for entry, name in idle}
        found = volumes.placed(active + volumes.unmounted(active, named))
        found = [replace(one, answer=keys.judged(one.answer)) for one in found]
        root = holding(self.mounts, "/")
        if all(one.answer.protection == MEMORY_ONLY for one in found):
            if root.filesystem in DISKLESS:
                raise NotApplicableHere(f"no disk: the system runs from {root.filesystem}")
            raise NoData(f"the system runs from {root.filesystem}, and no disk is mounted")
        seen = _filled(found)
        self._homes(seen)
        self._evidence(seen, found, tables, keys)
        return seen

    def _tables(self) -> dict[str, tuple[Target, ...]] | CannotTell:
        if not any(name.startswith("dm-") for name in self.blocks.names):
            return {}
        try:
            return read_dm_table(self.host)
        except ToolMissing as trouble:
            return self._by_cryptsetup(trouble)
        except CannotTell as trouble:
            return trouble

    def _by_cryptsetup(self, trouble: CannotTell) -> dict[str, tuple[Target, ...]] | CannotTell:
        """Where dmsetup is not installed; what is no encrypting mapping stays out of it."""
        by_mapping = sorted(self.blocks.by_mapping.items())
        crypts = [name for name, dm in by_mapping if HIDDEN_BELOW.match(self.blocks.uuid(dm))]
        try:
            read = read_status(self.host, crypts)
        except CannotTell:
            return trouble
        self.tables_from = "cryptsetup status"
        return read

    def _swaps(self, volumes: Volumes) -> list[Found]:
        try:
            return volumes.swaps(parse_swaps(read_text(self.host, "/proc/swaps")))
        except CannotTell as trouble:
            return [Found("[swap]", "", "", SWAP, cannot(trouble))]

    def _partition_types(self) -> dict[str, str]:
        """From lsblk, and only when udev keeps no records."""
        if any(self.blocks.udev(name, "E") for name in self.blocks.names):
            return {}
        try:
            return {row.name: row.partition_type for row in lsblk.read_lsblk(self.host)[1]}
        except CannotTell:
            return {}

    def _homes(self, seen: Seen) -> None:
        assert isinstance(seen.value, DiskEncryption)
        try:
            seen.value.encrypted_homes = encrypted_homes(
                self.host, self.mounts, self.blocks.by_mapping
            )
        except CannotTell as trouble:
            seen.missing("encrypted_homes", trouble)

    def _evidence(
        self,
        seen: Seen,
        found: list[Found],
        tables: dict[str, tuple[Target, ...]] | CannotTell,
        keys: Keys,
    ) -> None:
        mounted = [one for one in found if one.name.startswith("/") and one.name != one.device]
        seen.because(self.source, "; ".join(f"{one.name} on {one.device}" for one in mounted))
        swaps = ", ".join(one.device for one in found if one.role == SWAP)
        seen.because("/proc/swaps", swaps or "no swap")
        if isinstance(tables, CannotTell):
            seen.because(self.tables_from, f"no answer: {tables}")
        elif tables:
            seen.because(self.tables_from, "; ".join(map(_shown, sorted(tables.items()))))
        if isinstance(keys.entries, CannotTell):
            seen.because("/etc/crypttab", f"no answer: {keys.entries}")
        elif keys.entries:
            named = (f"{e.name}: {e.key or 'no key file'}" for e in keys.entries.values())
            seen.because("/etc/crypttab", "; ".join(sorted(named)))


def _shown(table: tuple[str, tuple[Target, ...]]) -> str:
    name, targets = table
    kinds = dict.fromkeys(f"{target.kind} {target.cipher}".strip() for target in targets)
    return f"{name}: {', '.join(kinds)}"


def _filled(found: list[Found]) -> Seen:
    value = DiskEncryption()
    seen = Seen(value)
    for one in _bounded(found):
        volume = value.volumes.add(name=one.name, role=one.role)
        if one.device:
            volume.device = one.device
        if one.filesystem:
            volume.filesystem = one.filesystem
        _protection(seen, volume, one.answer)
    return seen


def _protection(seen: Seen, volume: Volume, answer: Answer) -> None:
    volume.remarks.extend(answer.remarks)
    if answer.method and answer.protection != PLAIN:
        volume.method = answer.method
    if answer.protection is None:
        trouble = answer.trouble or NoData("what lies below cannot be told")
        seen.missing(f"volumes[{volume.name}].protection", trouble)
    else:
        volume.protection = answer.protection


def _bounded(found: list[Found]) -> list[Found]:
    """At most one of each kind when there are very many: hundreds of datasets are alike."""
    if len(found) <= MOST_VOLUMES:
        return found
    kinds: dict[object, Found] = {}
    for one in found:
        kind = (one.role, one.answer.protection, one.answer.method)
        if kind in kinds:
            first = kinds[kind]
            remark = "stands for others like it"
            remarks = dict.fromkeys((remark, *first.answer.remarks))
            kinds[kind] = replace(first, answer=replace(first.answer, remarks=tuple(remarks)))
        else:
            kinds[kind] = one
    return list(kinds.values())


def _from_lsblk(host: Host, trouble: CannotTell) -> Seen:
    """What lsblk alone can show. Raises the trouble with /proc or /sys when it shows nothing."""
    try:
        source, rows = lsblk.read_lsblk(host)
    except CannotTell:
        raise trouble from None
    by_point: dict[str, list[lsblk.Row]] = {}
    for row in rows:
        for point in row.points:
            by_point.setdefault(point, []).append(row)
    if not by_point:
        raise trouble
    found = [_row(point, group) for point, group in by_point.items()]
    if "/" not in by_point:
        found.append(Found("/", "", "", point_role("/"), cannot(trouble)))
    seen = _filled(sorted(found, key=lambda f: (ORDER.index(f.role), f.name, f.device)))
    seen.because(source, "; ".join(f"{one.name} on {one.device}" for one in found if one.device))
    seen.missing("encrypted_homes", trouble)
    return seen


def _row(point: str, rows: list[lsblk.Row]) -> Found:
    role = SWAP if point == "[SWAP]" else point_role(point)
    if role == DATA and point != "/home" and all(row.removable for row in rows):
        role = REMOVABLE
    name = "[swap]" if role == SWAP else point
    mapped = rows[0].types[-1] in ("lvm", "crypt", "mpath") and not rows[0].name.startswith("dm-")
    path = f"/dev/{'mapper/' if mapped else ''}{rows[0].name}"
    return Found(name, path, rows[0].filesystem, role, lsblk.answer(rows))
