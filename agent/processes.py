"""The processes of a Linux machine, at a bounded cost whatever their owners make of them.

Read from /proc (proc(5)) and not by psutil, which reads arguments of any length (a user can start
thousands of processes with megabytes each) and takes the first of them for the executable where
that may not be seen. A process that has ended and waits to be collected is not listed.
"""

import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from agent.host import Process, text

PROC = "/proc"
LONGEST_ARGUMENTS = 64 << 10
"""Bytes. Longer arguments count as not seen: a part of them could mean something else."""

CUT = 15
"""Characters of a name in /proc; the whole is then in the arguments, if they begin with it."""

LARGEST_STATUS = 16 << 10
STATE = re.compile(r"^State:\s+(\w)", re.MULTILINE)
REAL_USER = re.compile(r"^Uid:\s+(\d+)", re.MULTILINE)


def running() -> Iterator[Process]:
    """Every process this account can see, by pid. One that ends meanwhile is left out."""
    users: dict[int, str] = {}
    for pid in sorted(int(entry.name) for entry in os.scandir(PROC) if entry.name.isdecimal()):
        try:
            found = _process(pid, users)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if found is not None:
            yield found


def _process(pid: int, users: dict[int, str]) -> Process | None:
    status = text(_beginning(f"{PROC}/{pid}/status", LARGEST_STATUS) or b"")
    state, uid = STATE.search(status), REAL_USER.search(status)
    if state is not None and state[1] in "ZX":
        return None
    arguments = _arguments(pid)
    name = text(_beginning(f"{PROC}/{pid}/comm", 64) or b"").removesuffix("\n")
    user = _user(int(uid[1]), users) if uid else None
    return Process(pid, _whole(name, arguments), user, _executable(pid), arguments)


def _beginning(path: str, size: int) -> bytes | None:
    """None when this account may not read it."""
    try:
        with io.FileIO(path) as file:
            return file.read(size)
    except PermissionError:
        return None


def _arguments(pid: int) -> tuple[str, ...] | None:
    content = _beginning(f"{PROC}/{pid}/cmdline", LONGEST_ARGUMENTS + 1)
    if content is None or len(content) > LONGEST_ARGUMENTS:
        return None
    return tuple(text(content).removesuffix("\0").split("\0")) if content else ()


def _whole(name: str, arguments: tuple[str, ...] | None) -> str:
    first = arguments[0].rpartition("/")[2] if arguments else ""
    return first if len(name) >= CUT and first.startswith(name) else name


def _executable(pid: int) -> str | None:
    """None for a kernel thread, and where this account may not see it."""
    try:
        return str(Path(f"{PROC}/{pid}/exe").readlink()).removesuffix(" (deleted)")
    except OSError:
        return None


def _user(uid: int, known: dict[int, str]) -> str:
    """The account's name, or its number when it has none."""
    if sys.platform == "win32":
        return str(uid)
    import pwd

    if uid not in known:
        try:
            known[uid] = pwd.getpwuid(uid).pw_name
        except KeyError:
            known[uid] = str(uid)
    return known[uid]
