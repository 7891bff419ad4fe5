"""Reads the files and folders of the live machine; what does not answer costs its limit, once.

A home directory may lie on a server that is gone, or on a file system that a program of its owner
serves: opening a file there can take for ever. Such places are asked in a thread. A thread that
hangs is left behind, and the place is not asked again until it has come back.
"""

import os
import re
import stat
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Generic, TypeVar

from agent.budget import Budget
from agent.host import CannotTell, Denied, FileMissing, TimedOut, ToolFailed, text

T = TypeVar("T")

SECONDS = 5.0
"""What one file or folder may take."""

OURS = re.compile(
    r"/(?:proc(?!/\d+/(?:environ|cmdline))|sys|dev|etc|run(?!/(?:user|media))|usr|lib\w*|s?bin|boot"
    r"|opt|nix|var/(?:lib|cache|log)|System|Library|private/(?:etc|var/db))(?:/|$)"
)
"""The system's own places, which are asked directly. A process decides what its arguments and its
environment are read from (proc(5)), and that may hang as well."""

SERVED = re.compile(r"fuse.*|autofs|nfs4?|cifs|smb3|9p|virtiofs|ceph|afs|lustre|glusterfs")
"""File systems that somebody serves: when one file hangs there, all do."""

MOUNTS = "/proc/self/mountinfo"


class _Errand(threading.Thread, Generic[T]):
    """One question, asked aside."""

    def __init__(self, question: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._question = question
        self.answer: list[T] = []
        self.trouble: CannotTell | None = None

    def run(self) -> None:
        try:
            self.answer.append(self._question())
        except CannotTell as trouble:
            self.trouble = trouble


class Places:
    """Remembers where nothing answers. One is shared by all looks of a program."""

    def __init__(self, mounts: str = MOUNTS) -> None:
        self._mounts = mounts
        self._stuck: dict[str, threading.Thread] = {}

    def ask(self, path: str, question: Callable[[], T], budget: Budget) -> T:
        """Raises TimedOut, and what the question raises."""
        if OURS.match(path):
            return question()
        return self.aside(path, question, budget)

    def aside(self, path: str, question: Callable[[], T], budget: Budget) -> T:
        """As `ask`, in a thread wherever the path lies."""
        self._require_answering(path)
        seconds = budget.granted(path, SECONDS)
        errand = _Errand(question)
        errand.start()
        errand.join(seconds)
        if errand.trouble is not None:
            raise errand.trouble
        if errand.answer:
            return errand.answer[0]
        if not errand.is_alive():
            raise ToolFailed(f"{path} could not be asked for")
        self._stuck[place_of(path, self._mount_points())] = errand
        raise TimedOut(f"{path} gave no answer in {seconds:g} s")

    def _require_answering(self, path: str) -> None:
        self._stuck = {place: hung for place, hung in self._stuck.items() if hung.is_alive()}
        for place in self._stuck:
            if path == place or path.startswith(place + "/"):
                raise TimedOut(f"{path}: {place} does not answer")

    def _mount_points(self) -> list[tuple[str, str]]:
        try:
            return mount_points(text(read(self._mounts, 64 << 20)))
        except CannotTell:
            return []


def mount_points(mountinfo: str) -> list[tuple[str, str]]:
    """Mount point and type, of lines of proc(5) mountinfo; lines of another form are left out."""
    found = []
    for line in mountinfo.splitlines():
        words, rest = line.split(" "), line.partition(" - ")[2]
        if len(words) > 4 and rest:
            found.append((words[4].replace("\\040", " "), rest.split(" ")[0]))
    return found


def place_of(path: str, mounts: Sequence[tuple[str, str]]) -> str:
    """What a path that hangs stands for: its mount when somebody serves it, else its home.

    >>> place_of("/home/alice/.xscreensaver", [("/", "ext4"), ("/home", "nfs4")])
    '/home'
    >>> place_of("/home/alice/.xscreensaver", [("/", "ext4")])
    '/home/alice'
    """
    above = [(p, kind) for p, kind in mounts if path == p or path.startswith(p.rstrip("/") + "/")]
    point, kind = max(above, key=lambda mount: len(mount[0]), default=("/", ""))
    return point if point != "/" and SERVED.fullmatch(kind) else "/".join(path.split("/")[:3])


def read(path: str, most: int) -> bytes:
    """Read at most `most` bytes of a regular file; anything else is not even opened."""
    try:
        with os.fdopen(_opened(path), "rb", buffering=0) as file:
            return _read_up_to(file, most)
    except (OSError, ValueError) as error:
        raise cannot(path, error) from error


def _opened(path: str) -> int:
    """Looked at before it is opened: a person's file may be a link to a watchdog or a tape.

    O_PATH (open(2)) names the file without opening it, so that nobody can exchange it in between.
    """
    if sys.platform == "win32":
        _require_file(path, Path(path).stat())
        return os.open(path, os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT)
    plain = os.O_RDONLY | os.O_CLOEXEC
    if sys.platform != "linux":
        _require_file(path, Path(path).stat())
        return os.open(path, plain)
    named = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _require_file(path, os.fstat(named))
        return os.open(f"/proc/self/fd/{named}", plain)
    finally:
        os.close(named)


def _require_file(path: str, seen: os.stat_result) -> None:
    if not stat.S_ISREG(seen.st_mode):
        raise FileMissing(f"{path} is not a regular file")


def _read_up_to(file: IO[bytes], most: int) -> bytes:
    parts: list[bytes] = []
    while most > 0 and (part := file.read(min(most, 1 << 20))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def names(folder: str) -> tuple[str, ...]:
    """Sorted. Raises FileMissing, Denied, ToolFailed."""
    try:
        with os.scandir(folder) as entries:
            return tuple(sorted(_shown(entry.name) for entry in entries))
    except (OSError, ValueError) as error:
        raise cannot(folder, error) from error


def _shown(name: str) -> str:
    """A name may be any bytes; what is not UTF-8 is replaced, as in what files hold."""
    return text(os.fsencode(name))


def target(path: str) -> str:
    """Where a link points. Raises FileMissing, Denied, ToolFailed."""
    try:
        return _shown(str(Path(path).readlink()))
    except (OSError, ValueError) as error:
        raise cannot(path, error) from error


def cannot(path: str, error: OSError | ValueError) -> CannotTell:
    """What an error of the operating system means for the question; a ValueError: no such name."""
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):
        return FileMissing(f"{path} does not exist")
    if isinstance(error, PermissionError):
        return Denied(f"{path} may not be read by this account")
    return ToolFailed(f"{path}: {error.strerror}")


def modified_at(path: str) -> datetime:
    """Raises FileMissing, Denied, ToolFailed."""
    try:
        return datetime.fromtimestamp(Path(path).stat().st_mtime, UTC)
    except (OSError, ValueError) as error:
        raise cannot(path, error) from error
