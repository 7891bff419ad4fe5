"""What can be said of one antivirus product, and where it leaves its traces."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from agent.host import CannotTell, Host, Process


@dataclass(frozen=True, slots=True)
class Signs:
    """What files, processes and units say of a product, before its own tool is asked.

    `installed` and `running` are None where that could not be seen, with `trouble` saying why.
    """

    installed: bool | None
    running: bool | None
    trouble: CannotTell | None
    processes: tuple[Process, ...] = ()


@dataclass(slots=True)
class Health:
    """What a product says of itself. None is "did not say"; gaps name fields of the product."""

    version: str | None = None
    running: bool | None = None
    real_time: bool | None = None
    definitions_at: datetime | None = None
    definitions_version: str | None = None
    definitions_in_cloud: bool | None = None
    definitions_current: bool | None = None
    remarks: list[str] = field(default_factory=list)
    evidence: list[tuple[str, str]] = field(default_factory=list)
    gaps: list[tuple[str, CannotTell]] = field(default_factory=list)

    def because(self, source: str, said: str) -> None:
        self.evidence.append((source, said))

    def missing(self, name: str, trouble: CannotTell) -> None:
        self.gaps.append((name, trouble))


Ask = Callable[[Host, Signs], Health]


@dataclass(frozen=True, slots=True)
class Product:
    """Where a product is found. `ask` reads its health; None where its tool's form is not known.

    `programs` are absolute paths, `processes` the names in /proc/PID/comm (15 characters at
    most), `folders` where their executables lie, `accounts` whom they may run as.
    """

    name: str
    programs: tuple[str, ...]
    processes: tuple[str, ...]
    folders: tuple[str, ...]
    units: tuple[str, ...]
    ask: Ask | None = None
    accounts: tuple[str, ...] = ("root",)
