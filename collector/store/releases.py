"""Releases of the agent, how far each was let go, and what devices say became of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from collector.store.columns import whole
from collector.store.release_tables import release, release_device
from collector.store.schema import device


class ReleaseState(StrEnum):
    OPEN = "open"
    HALTED = "halted"


class UpdateOutcome(StrEnum):
    """What became of a release on one device. LOST: it began there, and nothing more was heard."""

    BEGUN = "begun"
    INSTALLED = "installed"
    ROLLED_BACK = "rolled_back"
    REFUSED = "refused"
    FAILED = "failed"
    LOST = "lost"


COUNTED = {UpdateOutcome.BEGUN: "", UpdateOutcome.INSTALLED: "back"}
"""The counter of a release that an outcome is in; "failing" for all others."""


@dataclass(frozen=True, slots=True)
class Release:
    """`percent` of the devices may take it. `begun`: on how many it was tried; of them `back` with
    the new version, and `failing` for one reason or another.
    """

    version: str
    state: ReleaseState
    percent: int
    begun: int
    back: int
    failing: int
    added_at: datetime
    added_by: str
    halted_at: datetime | None = None
    halted_by: str = ""
    halted_because: str = ""
    written_down: int = 0

    @property
    def seen(self) -> str:
        """Another one as soon as somebody let it go further or halted it."""
        return f"{self.state} {self.percent}"


@dataclass(frozen=True, slots=True)
class Update:
    """One device's word on one release."""

    device_id: str
    version: str
    outcome: UpdateOutcome
    told_at: datetime
    because: str = ""
    hostname: str = ""


def add(c: Connection, found: Release) -> None:
    values = {name: getattr(found, name) for name in Release.__dataclass_fields__}
    c.execute(insert(release).values(**values | {"added_at": whole(found.added_at)}))


def get(c: Connection, version: str) -> Release | None:
    row = c.execute(select(release).where(release.c.version == version)).first()
    return None if row is None else _release(row)


def newest(c: Connection, limit: int = 100) -> list[Release]:
    query = select(release).order_by(release.c.added_at.desc(), release.c.version).limit(limit)
    return [_release(row) for row in c.execute(query)]


def widen(c: Connection, version: str, percent: int) -> None:
    _set(c, version, percent=percent)


def halt(c: Connection, version: str, by: str, because: str, at: datetime) -> bool:
    """False: it is halted already. `by` "" is the collector itself."""
    is_open = (release.c.version == version, release.c.state == ReleaseState.OPEN)
    said = {"halted_by": by, "halted_because": because, "halted_at": whole(at)}
    changed = c.execute(update(release).where(*is_open).values(state=ReleaseState.HALTED, **said))
    return changed.rowcount > 0


def not_written_down(c: Connection) -> list[Release]:
    """Halted by the collector itself, and not in the audit log yet."""
    mine = (release.c.state == ReleaseState.HALTED, release.c.halted_by == "")
    query = select(release).where(*mine, release.c.written_down == 0)
    return [_release(row) for row in c.execute(query)]


def written_down(c: Connection, version: str) -> None:
    _set(c, version, written_down=1)


def tell(c: Connection, told: Update) -> None:
    """Keep a device's word, and count it; the same word again changes nothing."""
    same = (
        release_device.c.device_id == told.device_id,
        release_device.c.version == told.version,
    )
    before = c.execute(select(release_device.c.outcome).where(*same)).scalar()
    if before == told.outcome:
        return
    values = {"outcome": told.outcome, "told_at": whole(told.told_at), "because": told.because}
    if before is None:
        keys = {"device_id": told.device_id, "version": told.version}
        c.execute(insert(release_device).values(**keys, **values))
    else:
        c.execute(update(release_device).where(*same).values(**values))
    _count(c, told.version, before, told.outcome)


def silent_since(c: Connection, before: datetime, limit: int) -> list[Update]:
    """Updates that began before then and of which nothing was heard since."""
    query = (
        select(release_device)
        .where(release_device.c.outcome == UpdateOutcome.BEGUN, release_device.c.told_at < before)
        .order_by(release_device.c.told_at)
        .limit(limit)
    )
    return [_update(row) for row in c.execute(query)]


def failing(c: Connection, version: str, limit: int = 50) -> list[Update]:
    """The newest first, with the devices' host names."""
    bad = release_device.c.outcome.not_in((UpdateOutcome.BEGUN, UpdateOutcome.INSTALLED))
    query = (
        select(release_device, device.c.hostname)
        .join(device, device.c.device_id == release_device.c.device_id)
        .where(release_device.c.version == version, bad)
        .order_by(release_device.c.told_at.desc())
        .limit(limit)
    )
    return [_update(row) for row in c.execute(query)]


def _count(c: Connection, version: str, before: str | None, after: UpdateOutcome) -> None:
    changes: dict[str, int] = {} if before is not None else {"begun": 1}
    for outcome, by in ((before, -1), (after, 1)):
        name = "" if outcome is None else COUNTED.get(UpdateOutcome(outcome), "failing")
        if name:
            changes[name] = changes.get(name, 0) + by
    moved = {name: release.c[name] + by for name, by in changes.items() if by}
    if moved:
        c.execute(update(release).where(release.c.version == version).values(**moved))


def _set(c: Connection, version: str, **values: object) -> None:
    c.execute(update(release).where(release.c.version == version).values(**values))


def _release(row: Any) -> Release:
    known = {name: getattr(row, name) for name in Release.__dataclass_fields__}
    return Release(**known | {"state": ReleaseState(known["state"])})


def _update(row: Any) -> Update:
    known = row._asdict()
    return Update(**known | {"outcome": UpdateOutcome(known["outcome"])})
