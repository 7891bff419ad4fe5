"""Says which mounts lie on block devices, and on which ones: all of them, not the one shown.

The kernel shows one member of a btrfs; /sys/fs/btrfs/<fsid>/devices holds the others, and
`btrfs filesystem show` where /sys does not.
"""

import re

from agent.checks.disk_encryption.blocks import Blocks
from agent.checks.disk_encryption.mounts import Mount
from agent.host import CannotTell, NoData, Unparsable

NOT_WRITABLE = frozenset(("squashfs", "erofs", "iso9660", "udf", "cramfs", "romfs"))
"""Images: what is in them was published, not written here."""

BTRFS = "/sys/fs/btrfs"
SHOW = ("btrfs", "filesystem", "show", "--raw")


def on_disk(mount: Mount) -> bool:
    """The mount keeps its data on a disk of this machine, as far as its line tells."""
    if mount.filesystem in NOT_WRITABLE:
        return False
    if mount.filesystem == "zfs" or not mount.device.startswith("0:"):
        return True
    virtual = mount.filesystem.startswith("fuse") or mount.filesystem in ("autofs", "devtmpfs")
    return mount.source.startswith("/dev/") and not virtual


def members(blocks: Blocks, mount: Mount) -> tuple[str, ...]:
    """The kernel names of the devices below a mount, sorted. Raises CannotTell."""
    if mount.filesystem == "btrfs":
        return _btrfs(blocks, blocks.at(mount.source))
    if mount.filesystem == "bcachefs":
        return tuple(sorted(blocks.at(path) for path in mount.source.split(":")))
    name = blocks.by_number.get(mount.device)
    if name is None and not mount.source.startswith("/dev/"):
        raise NoData(f"no block device is known for {mount.source} on {mount.point}")
    beside = [option.partition("=") for option in mount.options]
    others = [path for key, _, path in beside if key in ("logdev", "rtdev", "journal_path")]
    return tuple(sorted({name or blocks.at(mount.source), *map(blocks.at, others)}))


def _btrfs(blocks: Blocks, shown: str) -> tuple[str, ...]:
    try:
        return _btrfs_in_sys(blocks, shown)
    except CannotTell as trouble:
        try:
            content = blocks.host.run(*SHOW).text
        except CannotTell:
            raise trouble from None
    for paths in parse_btrfs_show(content):
        names = tuple(sorted(blocks.at(path) for path in paths))
        if shown in names:
            return names
    raise NoData(f"the members of the btrfs on {shown} cannot be seen")


def _btrfs_in_sys(blocks: Blocks, shown: str) -> tuple[str, ...]:
    for entry in blocks.host.list(BTRFS):
        if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", entry):
            continue
        names = blocks.host.list(f"{BTRFS}/{entry}/devices")
        if shown in names:
            return names
    raise NoData(f"the members of the btrfs on {shown} are not in {BTRFS}")


def parse_btrfs_show(content: str) -> list[tuple[str, ...]]:
    """The device paths of every btrfs. Raises Unparsable when a member is missing."""
    found = []
    for part in content.split("Label:")[1:]:
        total = re.search(r"Total devices (\d+)", part)
        paths = tuple(re.findall(r"^\s*devid\s.* path (/.*?)\s*$", part, re.MULTILINE))
        if total is None or int(total[1]) != len(paths) or "missing" in part:
            raise Unparsable("btrfs filesystem show does not list every member")
        found.append(paths)
    return found
