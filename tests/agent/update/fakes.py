"""The one fake of the system's installer, and a clock that goes on when somebody sleeps."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.update.installer import InstallFailed


class PowerCut(BaseException):
    """The machine goes off here."""


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class FakeInstaller:
    """Holds one version; what it is given is read as "installer of VERSION".

    `sick`: versions that never check in. `dead`: versions that do not even start. `cut_at`: the
    installation, counted from 1, during which the power goes.
    """

    installed: str = "1.0.0"
    sick: set[str] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)
    refuses: set[str] = field(default_factory=set)
    cut_at: int = 0
    done: list[str] = field(default_factory=list)
    started: int = 0
    cannot_start: bool = False

    def install(self, package: Path) -> None:
        version = package.read_text().removeprefix("installer of ")
        self.done.append(version)
        if len(self.done) == self.cut_at:
            raise PowerCut
        if version in self.refuses:
            raise InstallFailed("the system's installer ended with 1603")
        self.installed = version

    def start_runner(self) -> None:
        if self.cannot_start:
            raise InstallFailed("the system's scheduler ended with 1")
        self.started += 1

    def version(self) -> str:
        return "" if self.installed in self.dead else self.installed

    def checks_in(self) -> bool:
        return self.installed not in self.sick | self.dead
