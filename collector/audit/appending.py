"""Bytes at the end of a file: durable on return, or the file is as it was before."""

import os
from pathlib import Path


def append(path: Path, content: bytes, size: int) -> None:
    """`size`: what the file holds now. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            os.lseek(descriptor, size, os.SEEK_SET)
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """What was made or removed in it stays so."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_aside(path: Path, end: int) -> int:
    """Keep what is beyond `end` in `NUMBER.torn` and cut it off; how many bytes. Raises OSError."""
    with path.open("rb") as file:
        file.seek(end)
        torn = file.read()
    if not torn:
        return 0
    with path.with_suffix(".torn").open("ab") as file:
        file.write(torn + b"\n")
        file.flush()
        os.fsync(file.fileno())
    os.truncate(path, end)
    return len(torn)
