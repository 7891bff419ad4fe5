"""Installs, looks whether the new version checks in, and puts the version before back if not.

Runs in a copy of the old program, started by the system's scheduler, which starts it again after a
power cut: each step is written down before it is taken, and can be taken twice. What puts a version
back needs no network and no list that still holds.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from agent.log import Log
from agent.state import State
from agent.update import record
from agent.update.installer import Installer, InstallFailed
from agent.update.record import Step, Update
from agent.update.releases import TARGETS, NotNow, NotSigned, Releases
from agent.update.versions import file_of
from protos.posture.v1 import posture_service_pb2 as wire

HEALTHY_WITHIN_SECONDS = 15 * 60
LOOK_SECONDS = 30.0
LONGEST_LOOK_SECONDS = 300.0
MOST_ATTEMPTS = 2
"""An installation that is interrupted is tried once more; then the version before is put back."""


@dataclass(frozen=True, slots=True)
class Finishing:
    """What ends one update. Nothing else does so at the same time: the scheduler sees to it."""

    state: State
    releases: Releases
    installer: Installer
    system: str
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    log: Log

    def run(self) -> None:
        """Raises StateError, and InstallFailed when not even the way back worked."""
        update = record.load(self.state)
        if update.step is Step.INSTALLING:
            update = self._install(update)
        if update.step is Step.WATCHING:
            update = self._watch(update)
        if update.step is Step.RETURNING:
            update = self._return(update)
        if update.step is Step.NONE:
            self._keep_two()

    def _install(self, update: Update) -> Update:
        if update.attempts >= MOST_ATTEMPTS:
            return self._go_back(update, "the installation was interrupted")
        update = self._note(replace(update, attempts=update.attempts + 1))
        try:
            with self.releases.verified(file_of(update.version, self.system)) as package:
                self.installer.install(package)
        except NotNow as error:
            ended = update.settled(wire.UPDATE_OUTCOME_FAILED, str(error), again=True)
            return self._note(ended)
        except (NotSigned, OSError) as error:
            return self._note(update.refused(str(error), self.clock().timestamp()))
        except InstallFailed as error:
            return self._go_back(update, str(error))
        return self._note(replace(update, step=Step.WATCHING))

    def _watch(self, update: Update) -> Update:
        """Healthy is one check-in of the new version itself, and nothing less.

        A night in standby counts as one long look, and a clock that is set as none.
        """
        because, spent_seconds = "it did not start", 0.0
        while spent_seconds < HEALTHY_WITHIN_SECONDS:
            begun_at = self.clock()
            found = self.installer.version()
            if found == update.version:
                because = "it did not check in"
                # Told by that check-in itself: a device that is shut down next is not lost.
                self._note(update.saying(wire.UPDATE_OUTCOME_INSTALLED, update.version))
                if self.installer.checks_in():
                    return self._done(update)
            elif found:
                because = f"version {found} is installed instead"
            self.sleep(LOOK_SECONDS)
            took_seconds = (self.clock() - begun_at).total_seconds()
            spent_seconds += min(max(took_seconds, LOOK_SECONDS), LONGEST_LOOK_SECONDS)
        return self._go_back(update, because)

    def _done(self, update: Update) -> Update:
        self.log("an update is done", version=update.version)
        ended = update.settled(wire.UPDATE_OUTCOME_INSTALLED)
        heard = not record.load(self.state).outcome
        return self._note(Update(failed=ended.failed) if heard else ended)

    def _go_back(self, update: Update, because: str) -> Update:
        self.log("an update is taken back", version=update.version, because=because)
        return self._note(replace(update, step=Step.RETURNING, because=because))

    def _return(self, update: Update) -> Update:
        """By the digest that was kept when its signature was looked at."""
        package = self._file(update.previous)
        with package.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != update.previous_sha256:
                raise InstallFailed(f"{package} is not what was kept: install the agent by hand")
            self.installer.install(package)
        return self._note(update.settled(wire.UPDATE_OUTCOME_ROLLED_BACK, update.because))

    def _keep_two(self) -> None:
        """The newest two installers that are here: the one that runs, and the way back."""
        found = sorted((self.releases.folder / TARGETS).glob("muster-agent-*"), key=_made_at)
        for old in found[:-2]:
            old.unlink(missing_ok=True)

    def _file(self, version: str) -> Path:
        return self.releases.folder / TARGETS / file_of(version, self.system)

    def _note(self, update: Update) -> Update:
        record.save(self.state, update)
        return update


def _made_at(path: Path) -> int:
    return path.stat().st_mtime_ns
