"""An incident that was opened is written down and told, again and again until it is taken."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from collector.audit.entry import COLLECTOR, Action, Entry
from collector.audit.journal import AuditUnavailable, Journal
from collector.clock import Clock
from collector.incidents.channel import NotTaken
from collector.incidents.kinds import KINDS
from collector.store import Connection, Store, incidents
from collector.store.incidents import Incident

log = logging.getLogger(__name__)


class Channel(Protocol):
    def tell(self, message: Mapping[str, object], at: datetime) -> None:
        """Raises NotTaken."""


@dataclass(slots=True)
class Telling:
    """`channel` is None where none is set: then the log alone tells."""

    store: Store
    journal: Journal
    channel: Channel | None
    clock: Clock
    _written: set[int] = field(default_factory=set)

    def tell_new(self) -> int:
        """Tell of every open incident that was not told yet; how many were. Blocks."""
        done = 0
        for each in self.store.read(incidents.untold):
            if each.number not in self._written:
                self._write_down(each)
            try:
                if self.channel is not None:
                    self.channel.tell(message_of(each, self.clock()), self.clock())
            except NotTaken as error:
                log.error("An incident could not be told number=%d: %s", each.number, error)
                continue
            _mark(self.store, each.number, self.clock())
            done += 1
        return done

    def _write_down(self, each: Incident) -> None:
        """An incident about the audit log itself must be told though it cannot be written there."""
        log.error(
            "An incident was opened number=%d kind=%s severity=%s about=%s",
            each.number,
            each.kind,
            each.severity,
            each.subject,
        )
        detail = {"kind": each.kind, "severity": each.severity, "about": each.subject}
        subject = f"incident:{each.number}"
        try:
            self.journal.append(
                Entry(Action.INCIDENT_OPENED, COLLECTOR, subject=subject, detail=detail)
            )
        except AuditUnavailable as error:
            log.error("%s", error)
            return
        self._written.add(each.number)


def message_of(incident: Incident, at: datetime) -> dict[str, object]:
    """What the channel gets: nothing of a device's posture and no name that is not needed."""
    kind = KINDS.get(incident.kind)
    return {
        "incident": incident.number,
        "kind": incident.kind,
        "severity": incident.severity,
        "title": kind.title if kind else incident.kind,
        "about": incident.subject,
        "detail": incident.detail,
        "first_step": kind.first_step if kind else "",
        "opened_at": incident.opened_at.isoformat(timespec="seconds"),
        "sent_at": at.isoformat(timespec="seconds"),
    }


def _mark(store: Store, number: int, now: datetime) -> None:
    def told(c: Connection) -> None:
        incidents.told(c, number, now)

    store.write(told)
