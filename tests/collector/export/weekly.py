"""A collector of one device whose packs are made at once, in this process."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from collector.audit.entry import Actor, ActorKind
from collector.audit.journal import Journal
from collector.export.delivering import Delivering
from collector.export.desk import Desk
from collector.export.making import Making
from collector.export_settings import ExportSettings
from collector.exporting import Exporting, exporting_of
from collector.store import Store, exports, packs, policies
from collector.store.exports import Phase, Run
from tests.collector.desk import Desk as Device
from tests.collector.desk import one_device
from tests.fakes import FakeMachine, FixedClock

WEEK = timedelta(days=7)
SUNDAY = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
ADMIN = Actor(ActorKind.ACCOUNT, "admin")


def unheard(phase: Phase, told: int) -> None:
    """Nobody asked."""


class Here:
    """A worker that makes packs at once, in this process."""

    def __init__(self, making: Making) -> None:
        self.making = making
        self.step: Any = unheard

    def tick(self) -> bool:
        now = self.making.clock
        while (run := self.making.desk.store.read(lambda c: exports.due(c, now()))) is not None:
            self.making.make(run.number, self.step)
        return False

    def stop(self) -> None:
        """Nothing runs."""


@dataclass
class Weekly:
    device: Device
    folder: Path
    exporting: Exporting
    machine: FakeMachine

    @property
    def store(self) -> Store:
        return self.device.store

    @property
    def clock(self) -> FixedClock:
        return self.device.clock

    def until(self, at: datetime) -> None:
        """Time passes; it never goes back, but a clock does."""
        gap = at - self.clock()
        self.leap(at)
        self.machine.passed += max(gap, timedelta(0))

    def leap(self, at: datetime) -> None:
        """The clock alone."""
        self.clock.advance(seconds=(at - self.clock()).total_seconds())

    def runs(self) -> list[Run]:
        return self.store.read(exports.newest)[::-1]

    def sealed(self) -> list[datetime]:
        return [each.as_of for each in self.store.read(packs.newest)][::-1]

    def names(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "packs").iterdir())

    def again(self, **settings: Any) -> None:
        """As after a start, with these settings."""
        self.exporting = built(self.device, self.folder, self.machine, **settings)
        self.exporting.begin()


def built(device: Device, folder: Path, machine: FakeMachine, **settings: Any) -> Exporting:
    desk = Desk.of(device.store, folder)
    journal = Journal(folder / "audit", desk.signer, device.clock)
    told = ExportSettings(**settings)
    going = Delivering(device.store, folder, told, None, journal, device.clock, "https://c:1")
    made = exporting_of(desk, journal, device.clock, machine.machine(), going)
    made.worker = Here(made.worker.making)  # type: ignore[assignment]
    return made


def weekly_of(folder: Path) -> Iterator[Weekly]:
    for device in one_device(folder):
        device.store.write(lambda c: policies.add(c, "", SUNDAY - WEEK, "alice"))
        machine = FakeMachine()
        exporting = built(device, folder, machine)
        yield Weekly(device, folder, exporting, machine)
