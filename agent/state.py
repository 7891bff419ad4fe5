"""The agent's own folder: nobody else's to read or write, and never half-changed.

agent.toml        addresses, device id, the collector's name
key.pem           the device's private key, made here; it never leaves
certificate.pem   what the collector signed for it
authority.pem     the only authority whose servers are believed
sequence          the highest sequence number used
progress.json     what the last exchanges left behind
commands.json     what the collector asked for, and what became of it
answer.pb         the last CheckInResponse that held an Answer
spool/            reports the collector has not accepted yet
receipts/         the exact bytes of the last requests
"""

import contextlib
import json
import os
import stat
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent import durable
from agent.windows import access

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

SWAP = "swap.json"
"""Names of the files that are being replaced together: while it exists, the new ones count."""


class StateError(Exception):
    """The folder cannot be used; the message says what to do about it."""


class StateBusy(StateError):
    """Another muster-agent is at work with this folder."""


@dataclass(frozen=True, slots=True)
class State:
    """One agent's folder. Reading a file that is not there answers None."""

    folder: Path

    @classmethod
    def open(cls, folder: Path, *, create: bool = False) -> "State":
        """Check owner and mode, and finish what an interrupted replacement left.

        A folder that does not exist is made when `create` is set; else it reads as empty.
        """
        try:
            if create and not folder.exists():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                access.set_private(folder)
            there = folder.exists()
            if there:
                _refuse_foreign(folder)
        except OSError as error:
            raise StateError(f"the state folder {folder}: {error.strerror}") from error
        state = cls(folder)
        if there and (state.path(SWAP).exists() or any(folder.glob("*.new"))):
            with contextlib.suppress(StateBusy), state.exclusive():  # the busy one finishes it
                pass
        return state

    def path(self, name: str) -> Path:
        return self.folder / name

    def read(self, name: str) -> bytes | None:
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(f"cannot read {self.path(name)}: {error.strerror}") from error

    def write(self, name: str, content: bytes) -> None:
        try:
            durable.write(self.path(name), content)
        except OSError as error:
            raise StateError(f"cannot write {self.path(name)}: {error.strerror}") from error

    def replace_together(self, contents: Mapping[str, bytes], gone: Collection[str] = ()) -> None:
        """Replace several files, and remove those that are `gone`: all of it or nothing."""
        try:
            for name, content in contents.items():
                durable.write(self.path(f"{name}.new"), content)
            swap = json.dumps({"new": list(contents), "gone": list(gone)})
            durable.write(self.path(SWAP), swap.encode())
            _finish_swap(self.folder)
        except OSError as error:
            raise StateError(f"cannot write to {self.folder}: {error.strerror}") from error

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the folder against other muster-agent processes. Raises StateBusy at once.

        What an interrupted one left is finished or removed first.
        """
        try:
            lock = open(self.path("lock"), "ab", opener=_private)  # noqa: SIM115 - held below
        except OSError as error:
            raise StateError(f"cannot write to {self.folder}: {error.strerror}") from error
        with lock:
            try:
                _lock(lock.fileno())
            except OSError as error:
                raise StateBusy(
                    "another muster-agent is checking in right now; try again in a minute"
                ) from error
            try:
                _finish_swap(self.folder)
                durable.remove_halves(self.folder)
            except OSError as error:
                raise StateError(f"cannot write to {self.folder}: {error.strerror}") from error
            yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _refuse_foreign(folder: Path) -> None:
    """What others could have written into the folder must not steer the agent."""
    seen = folder.stat()
    if not stat.S_ISDIR(seen.st_mode):
        raise StateError(f"the state folder {folder} is not a folder; name another with --state")
    if sys.platform == "win32":
        _refuse_foreign_on_windows(folder)
        return
    if seen.st_uid != os.geteuid():
        raise StateError(
            f"the state folder {folder} belongs to another account (uid {seen.st_uid}); "
            "run muster-agent as that account (sudo for root), or name another with --state"
        )
    if seen.st_mode & 0o022:
        raise StateError(
            f"the state folder {folder} can be written by others; "
            f"look what they put there, then: chmod 700 {folder}"
        )
    if seen.st_mode & 0o077:
        folder.chmod(0o700)


def _refuse_foreign_on_windows(folder: Path) -> None:
    """The same by the access list; every account may make folders in %ProgramData%."""
    seen, own = access.described(folder), access.own_sid()
    if because := access.foreign(seen, own):
        raise StateError(
            f"the state folder {folder} {because}; look what they put there and remove it, "
            "or name another with --state"
        )
    if access.readers(seen, own):
        access.set_private(folder)


def _finish_swap(folder: Path) -> None:
    """Rename every new file into place if the list of them is there; else drop the new files."""
    swap = folder / SWAP
    if not swap.exists():
        for half in folder.glob("*.new"):
            half.unlink()
        return
    new, gone = _listed(swap)
    for name in new:
        with contextlib.suppress(FileNotFoundError):  # renamed before the interruption
            (folder / f"{name}.new").replace(folder / name)
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    durable.sync_folder(folder)
    swap.unlink()
    durable.sync_folder(folder)


def _listed(swap: Path) -> tuple[list[str], list[str]]:
    """The names of new files and of those to remove. Raises StateError."""
    try:
        lists = json.loads(swap.read_bytes())
        new, gone = lists["new"], lists["gone"]
        plain = all(Path(name).name == name for name in [*new, *gone])
    except (ValueError, TypeError, KeyError):
        plain = False
    if not plain:
        raise StateError(f"{swap} is damaged; remove it, then: muster-agent enroll --again")
    return new, gone
