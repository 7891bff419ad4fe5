"""File systems that /etc/fstab names and nothing mounts now: some are mounted when they are used.

Format: fstab(5); systemd.mount(5) for x-systemd.automount, with which a plain /home looks absent
until somebody logs in.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.checks.disk_encryption.blocks import Blocks
from agent.checks.disk_encryption.mounts import Mount, unescape
from agent.host import CannotTell, Host, read_text

BY_TAG = {
    "UUID": "/dev/disk/by-uuid",
    "LABEL": "/dev/disk/by-label",
    "PARTUUID": "/dev/disk/by-partuuid",
    "PARTLABEL": "/dev/disk/by-partlabel",
}
QUOTES = "\"'"
ON_DEMAND = frozenset(("x-systemd.automount", "comment=systemd.automount"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line that names a block device. `path` is a device or a link of udev's to one."""

    path: str
    point: str
    filesystem: str
    options: frozenset[str]

    @property
    def on_demand(self) -> bool:
        return bool(self.options & ON_DEMAND)


def parse_fstab(content: str) -> tuple[Entry, ...]:
    """The lines about file systems on block devices; swap and the network are left out."""
    entries = []
    for line in content.splitlines():
        words = line.split()
        if len(words) < 3 or words[0].startswith("#") or not words[1].startswith("/"):
            continue
        tag, equals, value = words[0].partition("=")
        path = f"{BY_TAG[tag]}/{value.strip(QUOTES)}" if equals and tag in BY_TAG else words[0]
        if path.startswith("/dev/"):
            options = frozenset(words[3].split(",")) if len(words) > 3 else frozenset()
            point = unescape(words[1]).rstrip("/") or "/"
            entries.append(Entry(unescape(path), point, words[2], options))
    return tuple(entries)


def unmounted(host: Host, blocks: Blocks, mounts: Iterable[Mount]) -> list[tuple[Entry, str]]:
    """The entries whose device is there and mounted nowhere on its point, with the device's name.

    None when there is no fstab, or it cannot be read: it only adds to what the kernel says.
    """
    try:
        entries = parse_fstab(read_text(host, "/etc/fstab"))
    except CannotTell:
        return []
    taken = {mount.point for mount in mounts if mount.filesystem != "autofs"}
    found = []
    for entry in entries:
        try:
            name = blocks.at(entry.path)
        except CannotTell:
            continue
        if entry.point not in taken:
            found.append((entry, name))
    return found


def as_mount(blocks: Blocks, entry: Entry, name: str) -> Mount:
    """What the kernel would list, were the entry mounted."""
    number = next((number for number, known in blocks.by_number.items() if known == name), "0:0")
    told = blocks.property(name, "ID_FS_TYPE")
    return Mount(number, entry.point, told or entry.filesystem, f"/dev/{name}", frozenset())
