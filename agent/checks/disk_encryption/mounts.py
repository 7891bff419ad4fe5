"""Reads what is mounted and what is swapped to; a line that is not understood is an error.

Formats: proc(5) mountinfo and swaps. A list that was cut off would hide a volume, so a last line
without its newline is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.host import CannotTell, Host, Sandboxed, Unparsable, read_text

ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo. `device` is "major:minor"; major 0 stands for no block device."""

    device: str
    point: str
    filesystem: str
    source: str
    options: frozenset[str]


@dataclass(frozen=True, slots=True)
class Swap:
    path: str
    is_file: bool


def unescape(field: str) -> str:
    r"""Undo the kernel's octal escapes.

    >>> unescape(r"/media/my\040disk")
    '/media/my disk'
    """
    return ESCAPED.sub(lambda found: chr(int(found[1], 8)), field)


def parse_mountinfo(content: str) -> tuple[Mount, ...]:
    """Every mount, in order. Raises Unparsable; a list without "/" is not one.

    Only a newline ends a line: the kernel leaves other line breaks in a person's folder name.
    """
    if not content.endswith("\n"):
        raise Unparsable("the list of mounts is empty or cut off")
    mounts = tuple(_mount(line) for line in content.removesuffix("\n").split("\n"))
    if all(mount.point != "/" for mount in mounts):
        raise Unparsable("the list of mounts has no root")
    return mounts


def _mount(line: str) -> Mount:
    before, dash, after = line.partition(" - ")
    head, tail = before.split(" "), after.split(" ")
    known = dash and len(head) >= 6 and len(tail) >= 2 and head[4].startswith("/")
    if not known or not re.fullmatch(r"\d+:\d+", head[2]):
        raise Unparsable(f"not a line of mountinfo: {line}")
    options = frozenset(tail[2].split(",")) if len(tail) > 2 else frozenset()
    return Mount(head[2], unescape(head[4]), tail[0], unescape(tail[1]), options)


def parse_swaps(content: str) -> tuple[Swap, ...]:
    """Every active swap; none is a good answer. Raises Unparsable."""
    lines = content.removesuffix("\n").split("\n")
    if not lines[0].startswith("Filename") or not content.endswith("\n"):
        raise Unparsable("/proc/swaps has no heading or is cut off")
    return tuple(_swap(line) for line in lines[1:])


def _swap(line: str) -> Swap:
    words = line.split()
    if len(words) < 5 or words[1] not in ("partition", "file") or not words[0].startswith("/"):
        raise Unparsable(f"not a line of /proc/swaps: {line}")
    return Swap(unescape(words[0]), words[1] == "file")


def holding(mounts: Sequence[Mount], path: str) -> Mount:
    """The mount a path lies on: the deepest mount point above it, the last one mounted there."""
    best: Mount | None = None
    for mount in mounts:
        above = mount.point.rstrip("/") + "/"
        deeper = best is None or len(mount.point) >= len(best.point)
        if deeper and (path == mount.point or path.startswith(above)):
            best = mount
    if best is None:
        raise Unparsable(f"nothing is mounted above {path}")
    return best


def read_mounts(host: Host) -> tuple[str, tuple[Mount, ...]]:
    """The first process's mounts, else our own, and which. Raises CannotTell.

    Our own stand in only where they are not known to be another namespace's.
    """
    try:
        return "/proc/1/mountinfo", parse_mountinfo(read_text(host, "/proc/1/mountinfo"))
    except Unparsable:
        raise
    except CannotTell:
        content = read_text(host, "/proc/self/mountinfo")
    if _elsewhere(host):
        raise Sandboxed("the agent runs in a mount namespace of its own")
    return "/proc/self/mountinfo", parse_mountinfo(content)


def _elsewhere(host: Host) -> bool:
    try:
        return host.link("/proc/1/ns/mnt") != host.link("/proc/self/ns/mnt")
    except CannotTell:
        return False
