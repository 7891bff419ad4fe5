"""What one package manager said, in one form for all of them: what was not seen stays None."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from agent.host import CannotTell
from protos.posture.v1.signals_pb2 import PendingUpdate

MOST_BYTES = 7_000
"""What the list of updates may take of a report; the counts are always of all of them."""

IN_FULL = 40
"""Updates that are listed with their versions; of the rest the names alone."""


@dataclass(slots=True)
class Answer:
    """The counts and what they rest on. A gap names a field of the OsUpdates message."""

    source: str
    pending: int | None = None
    pending_security: int | None = None
    updates: list[PendingUpdate] = field(default_factory=list)
    index_at: datetime | None = None
    restart_required: bool | None = None
    evidence: list[tuple[str, str]] = field(default_factory=list)
    gaps: list[tuple[str, CannotTell]] = field(default_factory=list)

    def because(self, source: str, said: str) -> None:
        self.evidence.append((source, said))

    def missing(self, name: str, trouble: CannotTell) -> None:
        self.gaps.append((name, trouble))

    def nothing_about_updates(self, trouble: CannotTell) -> None:
        """The manager is there, and it cannot say what is pending."""
        self.missing("pending", trouble)
        self.missing("pending_security", trouble)


def in_order(updates: Iterable[PendingUpdate]) -> list[PendingUpdate]:
    """Security updates first, then those that may be some, then by name; as many as fit."""

    def place(update: PendingUpdate) -> tuple[bool, bool, str, str, str]:
        told = update.HasField("security")
        return not update.security, told, update.name, update.candidate, update.installed

    listed: list[PendingUpdate] = []
    size = 0
    for update in sorted(updates, key=place):
        shown = update if len(listed) < IN_FULL else _name_alone(update)
        size += shown.ByteSize() + 2  # the tag and the length that precede each in the message
        if size > MOST_BYTES:
            break
        listed.append(shown)
    return listed


def _name_alone(update: PendingUpdate) -> PendingUpdate:
    short = PendingUpdate(name=update.name)
    if update.HasField("security"):
        short.security = update.security
    if update.severity:
        short.severity = update.severity
    return short
