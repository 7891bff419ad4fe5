"""What one package manager said, in one form for all of them: what was not seen stays None."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from agent.host import CannotTell
from protos.posture.v1.signals_pb2 import PendingUpdate

MOST_UPDATES = 100
"""Updates that are listed by name; the counts are always of all of them."""


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
    """Security updates first, then those that may be some, then by name; at most `MOST_UPDATES`."""

    def place(update: PendingUpdate) -> tuple[bool, bool, str, str, str]:
        told = update.HasField("security")
        return not update.security, told, update.name, update.candidate, update.installed

    return sorted(updates, key=place)[:MOST_UPDATES]
