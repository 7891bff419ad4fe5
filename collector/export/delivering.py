"""Packs are taken where the settings say, again and later each time, until taken or given up.

At least once, always under the same name: what ends between a server's answer and our note of it
is taken again, over the same file. Each time is written into the audit log first.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from collector.audit.entry import COLLECTOR, Action, Actor, Entry, Outcome
from collector.audit.journal import Journal
from collector.clock import Clock
from collector.export.delivery.parcel import Parcel, Way
from collector.export.encrypting import ENDING
from collector.export.making import files_of
from collector.export_settings import (
    DirectoryTarget,
    ExportSettings,
    MailTarget,
    S3Target,
    SftpTarget,
    Target,
    WebhookTarget,
)
from collector.notify.taking import NotTaken
from collector.store import Store, deliveries, exports
from collector.store.deliveries import Delivery
from collector.store.exports import Run
from collector.subscriptions import MailSettings

log = logging.getLogger(__name__)

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=2)
MOST_ATTEMPTS = 50
"""Four days with these waits."""


@dataclass(slots=True)
class Delivering:
    """`web`: where people open the pages, as "https://host:port"."""

    store: Store
    folder: Path
    settings: ExportSettings
    mail: MailSettings | None
    journal: Journal
    clock: Clock
    web: str = ""

    def deliver_due(self) -> int:
        """How many were taken. Blocks."""
        due = self.store.read(lambda c: deliveries.due(c, self.clock()))
        return sum(self.deliver(each, COLLECTOR) == "" for each in due)

    def deliver(self, delivery: Delivery, actor: Actor) -> str:
        """Once, now; "" when it was taken, else why not. Raises AuditUnavailable."""
        run = self.store.read(lambda c: exports.get(c, delivery.run))
        target = self.settings.target(delivery.target)
        entry: Entry | None = None
        try:
            if run is None or target is None:
                raise NotTaken("collector.toml names nobody so", lasting=True)
            parcel = self._parcel(run, target)
            detail = {"file": parcel.name, "to": target.name, "where": target.where}
            entry = Entry(Action.DELIVERED, actor, subject=f"export:{run.number}", detail=detail)
            self.journal.append(entry)
            way_to(target, self.mail).take(parcel, self.clock())
        except NotTaken as trouble:
            if entry is not None:
                why = {**entry.detail, "why": str(trouble)}
                failed = Entry(entry.action, actor, Outcome.FAILED, entry.subject, why)
                self.journal.append(failed)
            self._refused(delivery, trouble)
            return str(trouble)
        self.store.write(lambda c: deliveries.taken(c, delivery.number, self.clock()))
        return ""

    def _parcel(self, run: Run, target: Target) -> Parcel:
        files = files_of(self.folder, run)
        encrypted = bool(self.settings.recipients) and not target.plain
        wanted = [path for path in files if path.name.endswith(ENDING) == encrypted]
        if not wanted and encrypted:
            raise NotTaken("it was made before there were recipients", lasting=True)
        if not wanted:
            raise NotTaken("its file is not there any more", lasting=True)
        if isinstance(target.way, MailTarget) and not encrypted and not target.plain:
            raise NotTaken("only encrypted packs go by mail", lasting=True)
        link = f"{self.web}/exports/{run.number}"
        digest = run.manifest_sha256
        return Parcel(wanted[0], run.number, run.variant, run.as_of, digest, link)

    def _refused(self, delivery: Delivery, trouble: NotTaken) -> None:
        now, number = self.clock(), delivery.number
        next_at = None if trouble.lasting else later(delivery, now)
        words = "A pack could not be delivered run=%d to=%s: %s"
        log.error(words, delivery.run, delivery.target, trouble)
        self.store.write(lambda c: deliveries.refused(c, number, now, str(trouble), next_at))


def way_to(target: Target, mail: MailSettings | None) -> Way:
    """Raises NotTaken."""
    match target.way:
        case MailTarget():
            from collector.export.delivery.mail import Mail

            if mail is None:
                raise NotTaken("no mail server is set", lasting=True)
            return Mail(target.way, mail)
        case WebhookTarget():
            from collector.export.delivery.webhook import Webhook

            return Webhook(target.way)
        case DirectoryTarget():
            from collector.export.delivery.directory import Directory

            return Directory(target.way)
        case S3Target():
            from collector.export.delivery.object_store import ObjectStore

            return ObjectStore(target.way)
        case SftpTarget():
            from collector.export.delivery.sftp import Sftp

            return Sftp(target.way)


def later(each: Delivery, now: datetime) -> datetime | None:
    """When it is tried again; None: it was tried often enough."""
    if each.attempts + 1 >= MOST_ATTEMPTS:
        return None
    wait: timedelta = min(FIRST_WAIT * 2 ** min(each.attempts, 20), LONGEST_WAIT)
    return now + wait
