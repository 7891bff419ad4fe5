"""Reads the audit log from where it stood, so that no security event in it is passed over.

The incident and how far the log was read are kept in one transaction: a crash between two records
neither loses an incident nor opens it twice.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from collector.audit.chain import HASH_LENGTH
from collector.audit.replicas.local import Gone, next_part
from collector.clock import Clock
from collector.incidents.kinds import alarm
from collector.incidents.suspicions import Suspicions, Told
from collector.store import Connection, Store, incidents
from collector.store.incidents import Alarm, Place

READER = "incidents"
STALE = timedelta(days=1)
"""What is older when it is read first opens nothing: the log of years before an upgrade."""

Decoder = msgspec.json.Decoder(Told)


def follow(store: Store, audit: Path, suspicions: Suspicions, clock: Clock) -> None:
    """Open incidents for what was written since the last time. Blocks."""
    place = store.read(lambda c: incidents.place_of(c, READER))
    while True:
        try:
            part = next_part(audit, place.segment, place.size)
        except Gone as gone:
            _begin_anew(store, str(gone), clock())
            return
        if part is None:
            return
        place = Place(part.segment, part.offset + len(part.content))
        records = [_told(line) for line in part.content.split(b"\n")[:-1]]
        raised = [
            (each, found)
            for each in records
            if each is not None and datetime.fromisoformat(each.at) > clock() - STALE
            for found in suspicions.of(each)
        ]
        _keep(store, raised, place)


def raise_alarm(store: Store, found: Alarm, at: datetime) -> None:
    """Open an incident for what is no record of the log."""
    store.write(lambda c: incidents.open_or_count(c, found, at))


def _keep(store: Store, raised: Sequence[tuple[Told, Alarm]], place: Place) -> None:
    def change(c: Connection) -> None:
        for record, found in raised:
            incidents.open_or_count(c, found, datetime.fromisoformat(record.at))
        incidents.keep_place(c, READER, place)

    store.write(change)


def _begin_anew(store: Store, why: str, now: datetime) -> None:
    """The log is shorter than it was, or its past is gone: people are told, and it is read anew."""

    def change(c: Connection) -> None:
        incidents.open_or_count(c, alarm("audit_break", "log", why), now)
        incidents.keep_place(c, READER, Place())

    store.write(change)


def _told(line: bytes) -> Told | None:
    """A line that is none is found by the verification."""
    try:
        return Decoder.decode(line[HASH_LENGTH + 1 :])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
