"""An incident that was opened is written down, and lies in the outbox until somebody was told.

What it is about stands in English in every language: the words are those of the audit log.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from collector.audit.entry import COLLECTOR, Action, Entry
from collector.audit.journal import AuditUnavailable, Journal
from collector.clock import Clock
from collector.incidents.kinds import first_step_of, title_of
from collector.model import Language
from collector.store import Connection, Store, incidents, notifications
from collector.store.incidents import Incident
from collector.store.notifications import Item, Message, New
from collector.subscriptions import Subscriber, Subscriptions, Topic
from collector.wording import exact

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Labels:
    subject: str
    lead: str
    about: str
    first: str
    open: str


LABELS = {
    Language.EN: Labels(
        "Incident ({severity}): {title}",
        "Incident {number} was opened at {opened}.",
        "About",
        "Do first",
        "Open the incident",
    ),
    Language.FR: Labels(
        "Incident ({severity}) : {title}",
        "L'incident {number} a été ouvert le {opened}.",
        "Objet",
        "À faire d'abord",
        "Ouvrir l'incident",
    ),
}


@dataclass(slots=True)
class Telling:
    """`told`: whom; where nobody is called in an emergency, the log alone tells."""

    store: Store
    journal: Journal
    told: Subscriptions
    clock: Clock
    web: str = ""
    _written: set[int] = field(default_factory=set)

    def tell_new(self) -> int:
        """Put every open incident that was not told yet into the outbox; how many messages are
        new there. Blocks.
        """
        done = 0
        for each in self.store.read(incidents.untold):
            if each.number not in self._written:
                self._write_down(each)
            done += self._put_out(each)
        return done

    def _put_out(self, each: Incident) -> int:
        new = [*messages_of(each, self.told.of(Topic.INCIDENTS), self.web)]
        now = self.clock()

        def change(c: Connection) -> int:
            if not self.told.emergency:
                incidents.told(c, each.number, now)
            return notifications.add(c, new, now, now)

        return self.store.write(change)

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


def messages_of(incident: Incident, subscribers: Iterable[Subscriber], web: str) -> Iterator[New]:
    """One to each address, in its language."""
    for each in subscribers:
        message = message_of(incident, each.language, web)
        for address in each.addresses:
            yield New(
                key=f"incident:{incident.number}:{each.name}:{address}",
                topic=Topic.INCIDENTS,
                target=each.name,
                message=message,
                address=address,
                about=f"incident:{incident.number}",
                urgent=each.urgent,
            )


def message_of(incident: Incident, language: Language, web: str) -> Message:
    """Nothing of a device's posture and no name that is not needed."""
    say = LABELS[language]
    title, first_step = title_of(incident.kind), first_step_of(incident.kind)
    lines = (
        f"{say.about}: {incident.subject}",
        *([incident.detail] if incident.detail else []),
        *([f"{say.first}: {first_step}"] if first_step else []),
    )
    return Message(
        subject=say.subject.format(severity=incident.severity, title=title),
        lead=say.lead.format(number=incident.number, opened=exact(incident.opened_at)),
        items=(Item(title, lines),),
        link=f"{web}/incidents/{incident.number}" if web else "",
        link_words=say.open,
        language=language.value,
        data={
            "incident": incident.number,
            "kind": incident.kind,
            "severity": incident.severity,
            "title": title,
            "about": incident.subject,
            "detail": incident.detail,
            "first_step": first_step,
            "opened_at": incident.opened_at.isoformat(timespec="seconds"),
        },
    )
