"""What is taken somewhere: one file under a name that stays the same however often it is taken."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Parcel:
    """`link`: where people fetch it, behind their login. `number`: of the run."""

    path: Path
    number: int
    variant: str
    as_of: datetime
    manifest_sha256: str
    link: str

    @property
    def name(self) -> str:
        return self.path.name


class Way(Protocol):
    """Blocks for as long as it takes. Raises NotTaken (collector.notify.taking)."""

    def take(self, parcel: Parcel, now: datetime) -> None: ...
