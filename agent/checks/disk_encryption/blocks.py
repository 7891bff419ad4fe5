"""The kernel's block devices: names, numbers, what lies below what. Guesses nothing.

Everything comes from /sys/class/block and udev's records (/run/udev/data), which need no rights.
A missing attribute is None; an unreadable one raises.
"""

import re
from functools import cached_property

from agent.host import CannotTell, FileMissing, Host, NoData, read_text

SYS = "/sys/class/block"
PARTITION = re.compile(r"(.*\d)p\d+|(.*\D)\d+")
REMOVABLE_BUS = re.compile(r"/(usb|firewire)\d*|/fw\d+")


class Blocks:
    """What is known of each device, asked once. Raises CannotTell when /sys has no devices."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.names = host.list(SYS)
        self._known = frozenset(self.names)
        self._udev: dict[str, dict[str, list[str]]] = {}

    def attribute(self, name: str, path: str) -> str | None:
        """One attribute, stripped; None when the device does not have it."""
        try:
            return read_text(self.host, f"{SYS}/{name}/{path}").strip()
        except FileMissing:
            return None

    @cached_property
    def by_number(self) -> dict[str, str]:
        """Names by "major:minor"."""
        numbers = ((self._number(name), name) for name in self.names)
        return {number: name for number, name in numbers if number}

    @cached_property
    def by_mapping(self) -> dict[str, str]:
        """Device-mapper devices by the name under /dev/mapper."""
        mappings = ((self.mapping(name), name) for name in self.names if name.startswith("dm-"))
        return {mapping: name for mapping, name in mappings if mapping}

    @cached_property
    def by_symlink(self) -> dict[str, str]:
        """Names by what udev links to them, as "/dev/vg/root"."""
        return {f"/dev/{link}": name for name in self.names for link in self.udev(name, "S")}

    def _number(self, name: str) -> str | None:
        try:
            return self.attribute(name, "dev")
        except CannotTell:
            return None

    def at(self, path: str) -> str:
        """The device a path such as /dev/sda1 or /dev/mapper/root stands for. Raises NoData."""
        leaf = path.removeprefix("/dev/")
        if leaf.startswith("mapper/") and leaf[7:] in self.by_mapping:
            return self.by_mapping[leaf[7:]]
        if leaf.replace("/", "!") in self._known:  # the kernel writes a slash in a name as "!"
            return leaf.replace("/", "!")
        if path in self.by_symlink:
            return self.by_symlink[path]
        try:
            leaf = self.host.link(path).rsplit("/", 1)[-1]
        except CannotTell:
            leaf = ""
        if leaf not in self._known:
            raise NoData(f"no block device is known for {path}")
        return leaf

    def path(self, name: str) -> str:
        """The path people know: /dev/mapper/NAME where there is one, as dm numbers change."""
        try:
            mapping = self.mapping(name) if name.startswith("dm-") else None
        except CannotTell:
            mapping = None
        return f"/dev/mapper/{mapping}" if mapping else f"/dev/{name.replace('!', '/')}"

    def mapping(self, name: str) -> str | None:
        """The device-mapper name, or None when it is no mapping."""
        try:
            return self.attribute(name, "dm/name") or self.property(name, "DM_NAME")
        except CannotTell:
            return self.property(name, "DM_NAME")

    def uuid(self, name: str) -> str:
        """The device-mapper uuid, whose prefix tells who made the mapping; may be empty."""
        try:
            told = self.attribute(name, "dm/uuid")
        except CannotTell:
            told = None
        return told or self.property(name, "DM_UUID") or ""

    def below(self, name: str) -> tuple[str, ...]:
        """What this device is made of."""
        return self._names_in(name, "slaves")

    def above(self, name: str) -> tuple[str, ...]:
        """What is made of this device."""
        return self._names_in(name, "holders")

    def _names_in(self, name: str, folder: str) -> tuple[str, ...]:
        try:
            return self.host.list(f"{SYS}/{name}/{folder}")
        except FileMissing:
            return ()

    def disk_of(self, name: str) -> str | None:
        """The disk a partition lies on; None for what is no partition. Raises NoData."""
        if self.attribute(name, "partition") is None:
            return None
        parent = self._linked(name).rsplit("/", 2)[-2:-1]
        number = self.property(name, "ID_PART_ENTRY_DISK") or ""
        named = PARTITION.fullmatch(name)
        candidates = [*parent, self.by_number.get(number), *(named.groups() if named else ())]
        for candidate in candidates:
            if candidate in self._known and candidate is not None:
                return candidate
        raise NoData(f"the disk of the partition {name} cannot be told")

    def _linked(self, name: str) -> str:
        """Where the class link leads; empty where it is a folder, as in a recording."""
        try:
            return self.host.link(f"{SYS}/{name}")
        except CannotTell:
            return ""

    def removable(self, disk: str) -> bool:
        """The disk can be taken out: by its own word, by its bus, or as an SD card."""
        if self._says(disk, "removable", "1"):
            return True
        if disk.startswith("mmcblk") and self._says(disk, "device/type", "SD"):
            return True
        on_path = REMOVABLE_BUS.search(self._linked(disk))
        in_udev = "-usb-" in (self.property(disk, "ID_PATH") or "")
        return bool(on_path) or in_udev or self.property(disk, "ID_BUS") == "usb"

    def _says(self, name: str, attribute: str, value: str) -> bool:
        try:
            return self.attribute(name, attribute) == value
        except CannotTell:
            return False

    def property(self, name: str, key: str) -> str | None:
        """One of udev's properties, or None."""
        start = key + "="
        for entry in self.udev(name, "E"):
            if entry.startswith(start):
                return entry[len(start) :]
        return None

    def udev(self, name: str, kind: str) -> list[str]:
        """udev's entries of one kind: E properties, S links. Empty when it has no record."""
        if name not in self._udev:
            self._udev[name] = parse_udev(self._record(name))
        return self._udev[name].get(kind, [])

    def _record(self, name: str) -> str:
        number = self._number(name)
        try:
            return read_text(self.host, f"/run/udev/data/b{number}") if number else ""
        except CannotTell:
            return ""


def parse_udev(content: str) -> dict[str, list[str]]:
    """udev's record of a device: lines "E:KEY=value", "S:link", by their letter."""
    entries: dict[str, list[str]] = {}
    for line in content.splitlines():
        kind, colon, rest = line.partition(":")
        if colon and len(kind) == 1:
            entries.setdefault(kind, []).append(rest)
    return entries
