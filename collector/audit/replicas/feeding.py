"""Feeds one replica with what the log has and it has not, and remembers what it acknowledged.

A replica that stands before what it acknowledged has lost or dropped something, and is named. One
that stands beyond the log here says that the log here was put back or changed.
"""

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from collector.audit.alone import leading
from collector.audit.replicas.local import Gone, next_part, waiting_since
from collector.audit.replicas.shelf import Lost, Unreachable
from collector.audit.replicas.witness import Answer, Held, Refused, Witness
from collector.clock import Clock
from collector.identity.key_files import write_private

log = logging.getLogger(__name__)

FOLDER = "replicas"
LATE = timedelta(seconds=60)
DOWN = timedelta(minutes=5)
MOST_PARTS = 1_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How a replica stands, as it is kept beside the log. `trouble` is empty when all is well.

    `refused`: the replica and the log here disagree about what happened; waiting heals nothing.
    """

    held: Held = field(default_factory=Held)
    fed_at: datetime | None = None
    trouble: str = ""
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A replica with its name; `kind` as in the settings."""

    name: str
    kind: str
    witness: Witness


class Feeder:
    """One replica and the log it is fed from. One thread at a time."""

    def __init__(self, replica: Named, audit: Path, notes: Path, clock: Clock) -> None:
        self.replica = replica
        self._audit = audit
        self._note = note_of(notes, replica.name)
        self._clock = clock

    def feed(self) -> Standing:
        """Bring the replica up to date as far as it goes now; never raises for a replica's sake."""
        before = read_note(self._note)
        try:
            held = self._fed(before)
            self.replica.witness.tidy()
            standing = Standing(held, self._clock())
        except Unreachable as error:
            standing = replace(before, trouble=str(error), refused=False)
        except (Lost, Gone, Refused) as error:
            standing = replace(before, trouble=_words(error), refused=True)
        if standing != before:
            self._keep(standing)
        if standing.trouble and standing.trouble != before.trouble:
            log.warning("Replica %s of the audit log: %s", self.replica.name, standing.trouble)
        return standing

    def lag(self, standing: Standing) -> timedelta:
        return lag_of(self._audit, standing, self._clock())

    def _fed(self, before: Standing) -> Held:
        held = self.replica.witness.held()
        if held.records < before.held.records:
            raise Lost(
                f"it holds {held.records} records and acknowledged {before.held.records}: it lost "
                "or dropped what it was given"
            )
        for _ in range(MOST_PARTS):
            part = next_part(leading(self._audit), held.segment, held.size)
            if part is None:
                break
            held = self.replica.witness.take(held.head, part)
            self._keep(Standing(held, self._clock()))
        return held

    def _keep(self, standing: Standing) -> None:
        self._note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._note, msgspec.json.encode(standing))


def note_of(notes: Path, name: str) -> Path:
    return notes / f"{name}.json"


def read_note(note: Path) -> Standing:
    """What was noted last; nothing when there is no note that can be read."""
    try:
        return msgspec.json.decode(note.read_bytes(), type=Standing)
    except (OSError, msgspec.DecodeError):
        return Standing()


def lag_of(audit: Path, standing: Standing, now: datetime) -> timedelta:
    """For how long the oldest record has waited that the replica does not hold."""
    try:
        since = waiting_since(leading(audit), standing.held.segment, standing.held.size)
    except Gone:
        return timedelta(0)
    return max(now - since, timedelta(0)) if since else timedelta(0)


def _words(error: Exception) -> str:
    if isinstance(error, Refused):
        meant = {
            Answer.UNKNOWN_LOG: "it is the replica of another log",
            Answer.WRONG_KEY: "the log here is not signed by its key",
            Answer.OUT_OF_STEP: "it does not stand where it should",
            Answer.BAD_PROOF: "the log here does not go on from what it holds",
        }[error.answer]
        return f"{meant} ({error.answer:d}): {error}"
    if isinstance(error, Gone):
        return f"the log here is not as the replica knows it: {error}"
    return str(error)
