"""Reads ``diskutil apfs list``: which APFS volumes there are, and what FileVault does for each.

Three flags tell of a volume. FileVault: its key opens only with a person's password. Encryption:
its blocks are encrypted, by the T2 chip or Apple silicon whether or not anybody has a password;
alone it protects nothing of a stolen Mac. CryptoMigrationOn: a conversion is under way, in whatever
form it does not say no.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.host import CannotTell, Host, Unparsable
from agent.macos import plists

PLIST = ("diskutil", "apfs", "list", "-plist")
TEXT = ("diskutil", "apfs", "list")
TIME_LIMIT = 20.0
FILEVAULT = {
    "Yes (Unlocked)": (True, True),
    "Yes (Locked)": (True, True),
    "Yes": (True, True),
    "No (Encrypted at rest)": (False, True),
    "No": (False, False),
}
"""The words of the text form: (FileVault, Encryption)."""


@dataclass(frozen=True, slots=True)
class ApfsVolume:
    """One volume. A flag is None where it was not said; `stores` are its container's partitions."""

    name: str
    device: str
    roles: tuple[str, ...]
    filevault: bool | None
    encryption: bool | None
    converting: bool
    container: str
    stores: tuple[str, ...]


def apfs_volumes(host: Host) -> tuple[str, list[ApfsVolume]]:
    """The source that answered and its volumes. Raises CannotTell, of the property list."""
    try:
        return " ".join(PLIST), parse_plist(host.run(*PLIST, time_limit=TIME_LIMIT).text)
    except CannotTell as trouble:
        try:
            printed = host.run(*TEXT, time_limit=TIME_LIMIT).text
        except CannotTell:
            raise trouble from None
        return " ".join(TEXT), parse_text(printed)


def parse_plist(text: str) -> list[ApfsVolume]:
    """Raises Unparsable."""
    source = " ".join(PLIST)
    containers = _tables(plists.table(text, source).get("Containers"))
    volumes = [
        _volume(volume, container)
        for container in containers
        for volume in _tables(container.get("Volumes"))
    ]
    if not volumes:
        raise Unparsable(f"{source} names no volume")
    return volumes


def _tables(found: object) -> list[Mapping[str, object]]:
    """The dictionaries of a list; anything else would leave a volume out unseen."""
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unparsable("diskutil apfs list -plist is not built as it is known")
    return found


def _volume(volume: Mapping[str, object], container: Mapping[str, object]) -> ApfsVolume:
    device = volume.get("DeviceIdentifier")
    roles = volume.get("Roles", [])
    if not isinstance(device, str) or not isinstance(roles, list):
        raise Unparsable("diskutil apfs list -plist names a volume without its device")
    return ApfsVolume(
        name=str(volume.get("Name") or device),
        device=device,
        roles=tuple(str(role) for role in roles),
        filevault=_said(volume.get("FileVault")),
        encryption=_said(volume.get("Encryption")),
        converting=plists.flag(volume.get("CryptoMigrationOn", False)) is not False,
        container=str(container.get("ContainerReference", "")),
        stores=tuple(
            str(store.get("DeviceIdentifier", ""))
            for store in _tables(container.get("PhysicalStores", []))
        ),
    )


def _said(flag: object) -> bool | None:
    return flag if isinstance(flag, bool) else None


def parse_text(text: str) -> list[ApfsVolume]:
    """Of the text form; the lines of a volume's snapshot are not the volume's. Raises Unparsable.

    Volumes are only believed when there are as many as the listing announces lines for.
    """
    plain = re.sub(r"^[|+ \t]*", "", text, flags=re.MULTILINE)
    volumes: list[ApfsVolume] = []
    for block in re.split(r"^(?=-- Container )", plain, flags=re.MULTILINE):
        reference = re.search(r"^APFS Container Reference:\s+(disk\d+)", block, re.MULTILINE)
        stores = tuple(re.findall(r"^APFS Physical Store Disk:\s+(\S+)", block, re.MULTILINE))
        pieces = re.split(r"^-> Volume .*$", block, flags=re.MULTILINE)
        container = reference[1] if reference else ""
        volumes += [_described(piece, container, stores) for piece in pieces[1:]]
    if not volumes or len(volumes) != len(re.findall(r"APFS Volume Disk \(Role\):", text)):
        raise Unparsable("diskutil apfs list did not print its volumes as they are known")
    return volumes


def _described(piece: str, container: str, stores: tuple[str, ...]) -> ApfsVolume:
    pairs: list[tuple[str, str]] = re.findall(
        r"^([A-Z][^:\n]*):[ \t]+(.*?)\s*$", piece, re.MULTILINE
    )
    fields = dict(reversed(pairs))
    placed = re.fullmatch(r"(disk\d+s\d+) \((.+)\)", fields.get("APFS Volume Disk (Role)", ""))
    if placed is None:
        raise Unparsable("diskutil apfs list names a volume without its device")
    role = placed[2]
    filevault, encryption = FILEVAULT.get(fields.get("FileVault", ""), (None, None))
    return ApfsVolume(
        name=re.sub(r" \(Case-(?:in)?sensitive\)$", "", fields.get("Name", placed[1])),
        device=placed[1],
        roles=() if role.lower() == "no specific role" else tuple(role.split(", ")),
        filevault=filevault,
        encryption=encryption,
        converting=any("Progress" in title for title in fields),
        container=container,
        stores=stores,
    )


def containers_with(volumes: Iterable[ApfsVolume], *roles: str) -> set[str]:
    return {volume.container for volume in volumes if set(volume.roles) & set(roles)}
