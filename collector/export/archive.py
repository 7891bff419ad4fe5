"""One zip of a folder's files: the same files give the same bytes, and it is there whole or not.

Deflate at zlib's level 6; names in order, the time of the pack as theirs, no attributes of the
machine. Entries over 4 GiB are Zip64.
"""

import os
import shutil
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

PIECE = 1 << 20
MODE = 0o100640 << 16


def pack(folder: Path, out: Path, at: datetime, step: Callable[[], None]) -> None:
    """Write `out`, a new file; `step` is called between pieces and may raise to stop."""
    with out.open("xb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for path in sorted(folder.iterdir()):
                _add(archive, path, at, step)
        file.flush()
        os.fsync(file.fileno())


def _add(archive: zipfile.ZipFile, path: Path, at: datetime, step: Callable[[], None]) -> None:
    entry = zipfile.ZipInfo(path.name, (at.year, at.month, at.day, at.hour, at.minute, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = MODE
    entry.create_system = 3
    entry.file_size = path.stat().st_size
    with path.open("rb") as source, archive.open(entry, "w") as target:
        while piece := source.read(PIECE):
            target.write(piece)
            step()


def settle(folder: Path) -> None:
    """Names are on disk once their folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path, prefix: str) -> None:
    """Take away what a pack that was killed half-way has left."""
    for path in folder.glob(f"{prefix}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
