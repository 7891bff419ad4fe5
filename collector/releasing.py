"""Which device may take which release: 1, 10, then 100 of 100, and no further when devices fail.

A device's place is a hash of its id, so it stays in its ring from release to release. The collector
names a version and nothing else; what that version is, the operator has signed.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from collector.incidents.kinds import alarm
from collector.model import Platform
from collector.store import incidents, releases
from collector.store.releases import Release, ReleaseState, Update, UpdateOutcome
from collector.translation import Text

RINGS = (1, 10, 100)
"""Of a hundred devices."""
PLACES = 10_000
MOST_FAILING = 0.02
LOST_AFTER = timedelta(days=1)
READ_AGAIN = timedelta(seconds=10)
AT_ONCE = 500
VERSION = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){1,3}")
LONGEST = 300
PLATFORMS = (Platform.WINDOWS, Platform.MACOS)
"""On the others the package manager owns the agent's files."""


class NotPossible(Exception):
    """The release cannot be changed like that; str() says why."""


class ChangedMeanwhile(NotPossible):
    """It is not as it was when the person looked."""


def place_of(device_id: str) -> int:
    """From 0 to 9,999, the same for ever.

    >>> place_of("d-1") == place_of("d-1"), 0 <= place_of("d-2") < PLACES
    (True, True)
    """
    return int.from_bytes(hashlib.sha256(device_id.encode()).digest()[:8]) % PLACES


@dataclass(slots=True)
class Offers:
    """What check-ins are answered with: read anew every few seconds, and after a halt at once."""

    _open: tuple[tuple[str, int], ...] = ()
    _read_at: datetime | None = None

    def version_for(
        self, c: Connection, device_id: str, platform: Platform | None, now: datetime
    ) -> str:
        """The newest release that this device may take; "" for none."""
        if platform not in PLATFORMS:
            return ""
        if self._read_at is None or not timedelta(0) <= now - self._read_at < READ_AGAIN:
            found = [each for each in releases.newest(c) if each.state is ReleaseState.OPEN]
            found.sort(key=lambda each: numbers(each.version), reverse=True)
            self._open = tuple((each.version, _end(each)) for each in found)
            self._read_at = now
        if not self._open:
            return ""
        place = place_of(device_id)
        return next((version for version, end in self._open if place < end), "")

    def forget(self) -> None:
        """Something has changed: read anew."""
        self._read_at = None


def _end(found: Release) -> int:
    """The first place that may not take it."""
    return found.percent * PLACES // 100


def numbers(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (4 - len(parts)))


def add(c: Connection, version: str, by: str, now: datetime) -> Release:
    """A new release, for the first ring. Raises NotPossible."""
    addable(c, version)
    made = Release(version, ReleaseState.OPEN, RINGS[0], 0, 0, 0, now, by)
    releases.add(c, made)
    return made


def addable(c: Connection, version: str) -> None:
    """Raises NotPossible."""
    if not VERSION.fullmatch(version):
        raise NotPossible(Text("Write the version in numbers, for example 1.2.0."))
    if releases.get(c, version) is not None:
        raise NotPossible(Text("There is a release %(version)s already.", version=version))


def promotable(c: Connection, version: str, seen: str = "") -> int:
    """The next ring. Raises NotPossible."""
    found = _open(c, version, seen)
    wider = next((ring for ring in RINGS if ring > found.percent), None)
    if wider is None:
        raise NotPossible(Text("Every device may take it already."))
    return wider


def promote(c: Connection, version: str, seen: str = "") -> int:
    """To the next ring. Raises NotPossible."""
    wider = promotable(c, version, seen)
    releases.widen(c, version, wider)
    return wider


def haltable(c: Connection, version: str, because: str, seen: str = "") -> str:
    """The reason as it is kept. Raises NotPossible."""
    _open(c, version, seen)
    said = " ".join(because.split())
    if not said or len(said) > LONGEST or not said.isprintable():
        raise NotPossible(
            Text("Say why, in at most %(longest)s printable characters.", longest=LONGEST)
        )
    return said


def halt(c: Connection, version: str, by: str, because: str, now: datetime) -> None:
    """No further device begins. It cannot be let go again: a new version takes its place. Raises
    NotPossible.
    """
    releases.halt(c, version, by, haltable(c, version, because), now)


def was_let(c: Connection, told: Update, platform: Platform | None) -> bool:
    """Whether this device may have taken what it tells of; of others nothing is believed."""
    found = releases.get(c, told.version)
    if found is None or platform not in PLATFORMS:
        return False
    return place_of(told.device_id) < _end(found)


def take(c: Connection, told: Update) -> bool:
    """Keep what a device tells; True when the release is halted by it."""
    if releases.get(c, told.version) is None:
        return False
    releases.tell(c, told)
    return _halt_if_failing(c, told.version, told.told_at)


def watch(c: Connection, now: datetime) -> int:
    """Updates that began a day ago, of which nothing came back, count as failing. How many."""
    lost = releases.silent_since(c, now - LOST_AFTER, AT_ONCE)
    for each in lost:
        because = "nothing was heard for a day"
        take(c, Update(each.device_id, each.version, UpdateOutcome.LOST, now, because))
    return len(lost)


def _open(c: Connection, version: str, seen: str) -> Release:
    found = releases.get(c, version)
    if found is None:
        raise NotPossible(Text("There is no such release."))
    if seen and seen != found.seen:
        raise ChangedMeanwhile(Text("Somebody has changed it meanwhile: look at it again."))
    if found.state is ReleaseState.HALTED:
        raise NotPossible(Text("It is halted: make a release with a higher version."))
    return found


def _halt_if_failing(c: Connection, version: str, now: datetime) -> bool:
    found = releases.get(c, version)
    if found is None or not found.failing or found.failing < MOST_FAILING * found.begun:
        return False
    words = f"{found.failing} of {found.begun} devices that began did not come back with it"
    if not releases.halt(c, version, "", words, now):
        return False
    incidents.open_or_count(c, alarm("release_halted", f"release:{version}", words), now)
    return True
