"""The log lies in segments, one file a day (or sooner when one grows large): ``000001.log``, ...

Each begins with a record that names its number and the hash of the last line before it, so that
whole old segments can be dropped and the rest still be verified.
"""

import re
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"(\d{6})\.log")
LARGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Segment:
    number: int
    path: Path


def segments(folder: Path) -> list[Segment]:
    """Every segment there is, oldest first; other files are nobody's business here."""
    if not folder.is_dir():
        return []
    named = ((NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted(
        (Segment(int(found[1]), path) for found, path in named if found),
        key=lambda segment: segment.number,
    )


def path_of(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.log"
