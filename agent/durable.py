"""A file is either the old one or the whole new one, also after a power cut."""

import contextlib
import os
import sys
from _thread import get_native_id
from pathlib import Path


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace `path` with `content`: on disk when this returns. Raises OSError.

    The half-written file beside it is of this thread alone, and removed when the disk is full. It
    is always made anew: what somebody else made there would stay theirs to read. `mode` is what
    the file gets, whatever the umask.
    """
    half = path.with_name(f".{path.name}.{get_native_id()}")
    try:
        half.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(half, flags, mode)
        with os.fdopen(descriptor, "wb") as file:
            if sys.platform != "win32":
                os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_halves(folder: Path) -> None:
    """Remove what a write that was cut off left here and below. Nobody else may be writing."""
    for half in folder.rglob(".*"):
        if half.suffix[1:].isdecimal():
            half.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in `folder` last. Windows cannot and need not be asked."""
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
