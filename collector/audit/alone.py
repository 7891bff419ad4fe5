"""The note beside the log that says which of its two folders holds everything, while one only does.

It lies in the data folder, where the store is as well: what cannot write here can change nothing.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from collector.audit.appending import sync_folder
from collector.audit.chain import Broken
from collector.identity.key_files import write_private


@dataclass(frozen=True, slots=True)
class Alone:
    """`folder` alone has what follows these bytes of this segment."""

    folder: str
    segment: int
    size: int


def gate_of(first: Path) -> Path:
    """The one lock that every writer holds, whichever folders it can reach."""
    return first.with_name(f"{first.name}.lock")


def position_kept(first: Path) -> Alone | None:
    """None: neither is known to be ahead. Raises OSError or Broken."""
    note = _note_of(first)
    try:
        return msgspec.json.decode(note.read_bytes(), type=Alone)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise Broken(f"{note} cannot be read: restore it, or remove it when both agree") from error


def keep(first: Path, alone: Alone) -> None:
    """Durably. Raises OSError."""
    write_private(_note_of(first), msgspec.json.encode(alone))


def forget(first: Path) -> None:
    """Both hold the same again. Raises OSError."""
    _note_of(first).unlink(missing_ok=True)
    sync_folder(first.parent)


def leading(first: Path) -> Path:
    """For those who read: the folder that has everything."""
    try:
        alone = position_kept(first)
    except (Broken, OSError):
        return first
    return Path(alone.folder) if alone else first


def _note_of(first: Path) -> Path:
    return first.with_name(f"{first.name}.alone")
