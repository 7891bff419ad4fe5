"""Counts homes that are encrypted by themselves, on a disk that may be plain. No names leave.

fscrypt sets the attribute "E" on a directory (chattr(1)); eCryptfs mounts over the home;
systemd-homed keeps <user>.home images and names the mapping home-<user>.
"""

import re
from collections.abc import Iterable

from agent.accounts import PeoplesIds, peoples_ids
from agent.checks.disk_encryption.mounts import Mount
from agent.host import CannotTell, FileMissing, Host, TimedOut, Unparsable, read_text

PATH = re.compile(r"/[^/\0]+(/[^/\0]+)+")


def parse_passwd_homes(content: str, ids: PeoplesIds) -> tuple[str, ...]:
    """The home directories of people: passwd(5)."""
    homes = set()
    for line in content.splitlines():
        fields = line.split(":")
        person = len(fields) == 7 and fields[2].isdecimal() and int(fields[2]) in ids
        if person and PATH.fullmatch(fields[5]):
            homes.add(fields[5])
    return tuple(sorted(homes))


def parse_lsattr(content: str) -> bool:
    """`lsattr -d DIR`: the attribute E is set. Raises Unparsable."""
    words = content.split(None, 1)
    if len(words) != 2 or not re.fullmatch(r"[-A-Za-z]{10,}", words[0]):
        raise Unparsable("lsattr printed no line of attributes")
    return "E" in words[0]


def encrypted_homes(host: Host, mounts: Iterable[Mount], mappings: Iterable[str]) -> int:
    """How many. Raises CannotTell when a home could not be looked at and none was found."""
    users = {mount.point.rsplit("/", 1)[-1] for mount in mounts if mount.filesystem == "ecryptfs"}
    users |= {name.removeprefix("home-") for name in mappings if name.startswith("home-")}
    trouble: CannotTell | None = None
    try:
        users |= {name for name in host.list("/home/.ecryptfs") if not name.startswith(".")}
    except CannotTell as error:
        trouble = None if isinstance(error, FileMissing) else error
    for home in parse_passwd_homes(read_text(host, "/etc/passwd"), peoples_ids(host)):
        try:
            if _fscrypt(host, home):
                users.add(home.rsplit("/", 1)[-1])
        except CannotTell as error:
            trouble = error
    if trouble is not None and not users:
        raise trouble
    return len(users)


def _fscrypt(host: Host, home: str) -> bool:
    """By the attribute; by fscrypt's own word where lsattr is not to be had."""
    if not _exists(host, home):
        return False
    try:
        return parse_lsattr(host.run("lsattr", "-d", home).text)
    except CannotTell as trouble:
        try:
            status = host.run("fscrypt", "status", home, ok=(0, 1))
        except CannotTell:
            raise trouble from None
        said = status.text + status.errors
        if "is encrypted with fscrypt" in said:
            return True
        if "is not encrypted" in said:
            return False
        raise


def _exists(host: Host, home: str) -> bool:
    try:
        host.list(home)
    except FileMissing:
        return False
    except TimedOut:
        raise  # a program would hang there as well
    except CannotTell:
        return True
    return True
