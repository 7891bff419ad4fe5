"""A release that the collector lets this device take is fetched, verified, told, then handed over.

The collector names a version and nothing else. It is taken only when it is newer than this one,
was not tried in vain before, is signed, and the installer of the version before is here as well,
signed like it: before there is a way back, nothing is changed.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from agent.log import Log
from agent.state import State
from agent.update import record
from agent.update.installer import Installer, InstallFailed
from agent.update.record import Step, Update
from agent.update.releases import NotNow, NotSigned, Releases
from agent.update.versions import NoVersion, file_of, is_newer
from protos.posture.v1 import posture_service_pb2 as wire

STUCK_SECONDS = 6 * 3600
"""Longer than any update takes: the machine was off, or the runner was ended."""
REFUSED_SECONDS = 24 * 3600
"""After a release that was not what was signed, before one is fetched again."""


@dataclass(frozen=True, slots=True)
class Offer:
    """How this agent takes a release; `program` is the folder of its own bundle.

    `runner`: the folder for the copy that ends the update. The system's scheduler starts what is
    there with all rights, so nobody else may ever have made it.
    """

    state: State
    releases: Releases
    installer: Installer
    system: str
    own_version: str
    program: Path
    runner: Path
    clock: Callable[[], datetime]
    log: Log

    def heard(self, offered: str) -> bool:
        """After a check-in that offered this, "" for nothing; True: check in again, to tell.

        Never raises but for the state folder: an update that cannot be had costs no report.
        """
        update = self._unstuck(record.load(self.state))
        if update.step is Step.READY:
            self._hand_over(update, offered)
            return False
        if update.step is not Step.NONE or not self._wanted(update, offered):
            return False
        return self._prepare(update, offered)

    def _wanted(self, update: Update, offered: str) -> bool:
        try:
            return (
                bool(offered)
                and is_newer(offered, self.own_version)
                and offered not in update.failed
                and not 0 <= self._now() - update.refused_at < REFUSED_SECONDS
            )
        except NoVersion as error:
            self.log("the collector offered what is no version", because=str(error))
            return False

    def _prepare(self, update: Update, version: str) -> bool:
        names = [file_of(each, self.system) for each in (self.own_version, version)]
        try:
            previous, _ = self.releases.fetch(*names)
            with previous.open("rb") as opened:
                sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
        except (NotNow, OSError) as error:  # a full disk, for one
            self.log("a release cannot be taken now", version=version, because=str(error))
            return False
        except NotSigned as error:
            self.log("a release was refused", version=version, because=str(error))
            refused = replace(update, version=version).refused(str(error), self._now())
            record.save(self.state, refused)
            return True
        ready = Update(
            step=Step.READY,
            version=version,
            previous=self.own_version,
            previous_sha256=sha256,
            begun_at=self._now(),
            failed=update.failed,
        )
        record.save(self.state, ready.saying(wire.UPDATE_OUTCOME_BEGUN, version))
        self.log("a release is ready", version=version)
        return True

    def _hand_over(self, update: Update, offered: str) -> None:
        """The collector has heard that it begins, and still lets this device take it."""
        if offered != update.version or not self._wanted(update, offered):
            self.log("a release was taken back", version=update.version)
            record.save(self.state, Update(failed=update.failed))
            return
        if update.outcome:
            return  # it was not told yet
        try:
            _copy(self.program, self.runner)
            begun = replace(update, step=Step.INSTALLING, begun_at=self._now())
            record.save(self.state, begun)
            self.installer.start_runner()
        except (InstallFailed, OSError) as error:
            self.log("an update did not begin", version=update.version, because=str(error))
            failed = update.settled(wire.UPDATE_OUTCOME_FAILED, str(error))
            record.save(self.state, failed)
            return
        self.log("an update begins", version=update.version)

    def _unstuck(self, update: Update) -> Update:
        """This check-in has just succeeded: what was left half-way is judged by who made it."""
        if update.step in (Step.NONE, Step.READY):
            return update
        if 0 <= self._now() - update.begun_at < STUCK_SECONDS:
            return update
        if self.own_version == update.version:
            ended = update.settled(wire.UPDATE_OUTCOME_INSTALLED, "it was interrupted")
        else:
            ended = update.settled(wire.UPDATE_OUTCOME_FAILED, "it was interrupted", again=True)
        record.save(self.state, ended)
        return ended

    def _now(self) -> float:
        return self.clock().timestamp()


def _copy(program: Path, runner: Path) -> None:
    """The runner is a copy: the installer replaces the program itself. Raises OSError."""
    half = runner.with_name(f"{runner.name}.new")
    for each in (half, runner):
        if each.exists():
            shutil.rmtree(each)
    shutil.copytree(program, half, symlinks=True)
    half.rename(runner)
