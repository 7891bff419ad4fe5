"""What whoever uses this device may read without being root; nobody but root can write it.

status      how the device stands (`agent.standing`): no key, no token, no command
receipts/   the last request and the report in force, unless they speak of several people

The folder is root's and stays root's: one that somebody else owns, could write to or has put a link
in place of is neither written to nor believed.
"""

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from google.protobuf.message import DecodeError

from agent import durable
from agent.exchange import progress as record
from agent.exchange.receipt import Receipts
from agent.standing import NotStanding, Standing, from_bytes, of_state, to_bytes
from agent.state import State, StateError
from agent.windows import access
from protos.posture.v1.posture_service_pb2 import CheckInRequest, Posture

FILE, RECEIPTS = "status", "receipts"
LARGEST = 1 << 20
READABLE, LISTABLE = 0o644, 0o755
EVERYBODY = "everybody"
"""What `UserScreenLock.user` says where nobody is meant."""


class NotBelieved(StateError):
    """Somebody other than root could have put it there."""


def publish(state: State, folder: Path) -> None:
    """Bring the folder up to date with the state. Raises StateError."""
    standing = of_state(state)
    try:
        _own(folder)
        _put(folder / FILE, to_bytes(standing))
        _publish_receipts(state, folder / RECEIPTS)
    except OSError as error:
        raise StateError(f"cannot write to {folder}: {error.strerror}") from error


def read(folder: Path, owner: int = 0) -> Standing | None:
    """None when nothing was written yet. Raises NotBelieved and StateError."""
    try:
        _believe(folder.lstat(), folder, owner)
        content = _content(folder / FILE, owner)
        return from_bytes(content)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"cannot read {folder / FILE}: {error.strerror}") from error
    except NotStanding as error:
        raise StateError(f"{folder / FILE} is damaged; the next check-in writes it anew") from error


def receipts(folder: Path, owner: int = 0) -> Receipts | None:
    """None when none are shown. Raises NotBelieved."""
    place = folder / RECEIPTS
    try:
        for each in (folder, place):
            _believe(each.lstat(), each, owner)
    except FileNotFoundError:
        return None
    return Receipts(place)


def _own(folder: Path) -> None:
    """Made, or found to be ours alone. Raises OSError, NotBelieved."""
    folder.mkdir(mode=LISTABLE, parents=True, exist_ok=True)
    if sys.platform == "win32":
        if because := access.foreign(access.described(folder), access.own_sid()):
            raise NotBelieved(f"{folder} {because}; look what they put there and remove it")
        access.set_list(folder, access.SHOWN)
        return
    seen = folder.lstat()
    _believe(seen, folder, _ourselves())
    if stat.S_IMODE(seen.st_mode) != LISTABLE:
        folder.chmod(LISTABLE)


def _ourselves() -> int:
    if sys.platform == "win32":
        return 0
    return os.geteuid()


def _believe(seen: os.stat_result, path: Path, owner: int) -> None:
    if not (stat.S_ISDIR(seen.st_mode) or stat.S_ISREG(seen.st_mode)):
        raise NotBelieved(f"{path} is a link or no plain file; not believed: tell IT")
    if sys.platform == "win32":
        said = access.described(path)
        if not access.believed(access.owner_of(said), "S-1-5-18"):
            raise NotBelieved(f"{path} belongs to another account; not believed: tell IT")
        return
    if seen.st_uid != owner:
        raise NotBelieved(f"{path} belongs to uid {seen.st_uid}; not believed: tell IT")
    if seen.st_mode & 0o022:
        raise NotBelieved(f"{path} can be written by others; not believed: tell IT")


def _content(path: Path, owner: int) -> bytes:
    """Opened without following a link or waiting on a pipe, and looked at once it is open."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if sys.platform == "win32":
        flags |= os.O_BINARY
    with os.fdopen(os.open(path, flags), "rb") as file:
        _believe(os.fstat(file.fileno()), path, owner)
        return file.read(LARGEST)


def _put(path: Path, content: bytes) -> None:
    """Nothing is written while nothing has changed."""
    try:
        same = _content(path, _ourselves()) == content
    except (OSError, NotBelieved):
        same = False
    if not same:
        durable.write(path, content, READABLE)


def _publish_receipts(state: State, folder: Path) -> None:
    _own(folder)
    held = Receipts.of(state)
    wanted = {path.name: path for path in held.last_and_in_force()}
    if _several(held, record.load(state).accepted_digest):
        wanted = {}
    for name, path in wanted.items():
        _put(folder / name, path.read_bytes())
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()


def _several(held: Receipts, digest: str) -> bool:
    """Whether what was sent speaks of more people than one. What cannot be read may."""
    receipt = held.report(digest)
    if receipt is None:
        return True
    try:
        request = CheckInRequest.FromString(receipt.content)
        posture = Posture.FromString(request.report.posture)
    except DecodeError:
        return True
    return len(people(posture)) > 1


def people(posture: Posture) -> set[str]:
    """The accounts whose settings a posture holds."""
    seen: Iterable[str] = (
        user.user for each in posture.observations for user in each.screen_lock.users
    )
    return set(seen) - {EVERYBODY, ""}
