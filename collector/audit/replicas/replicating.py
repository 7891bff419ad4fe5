"""Keeps every replica fed while the collector runs; a slow one holds up no other.

A thread each, so that neither check-ins nor pages wait for a network.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from collector.audit.replicas.feeding import DOWN, FOLDER, Feeder, Named, Standing
from collector.clock import Clock

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
EVERY_SECONDS_OF_A_STORE = 20.0
"""A part is an object: not one for every few records."""
STOP_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One replica as the collector sees it now."""

    name: str
    kind: str
    standing: Standing
    lag: timedelta

    @property
    def down(self) -> bool:
        return self.standing.refused or self.lag >= DOWN


@dataclass(slots=True)
class Replication:
    """The replicas of a running collector."""

    feeders: Sequence[Feeder] = ()
    _standings: dict[str, Standing] = field(default_factory=dict)

    def feed(self, feeder: Feeder) -> None:
        self._standings[feeder.replica.name] = feeder.feed()

    def seen(self) -> list[Seen]:
        """As they were after their last feeding; one that never was is not told of."""
        return [
            Seen(each.replica.name, each.replica.kind, standing, each.lag(standing))
            for each in self.feeders
            if (standing := self._standings.get(each.replica.name)) is not None
        ]


def feeders_of(replicas: Sequence[Named], folder: Path, audit: Path, clock: Clock) -> list[Feeder]:
    return [Feeder(each, audit, folder / FOLDER, clock) for each in replicas]


@contextmanager
def replicating(replication: Replication) -> Iterator[None]:
    """Feeds inside the block; what is under way at its end has a few seconds."""
    stop = threading.Event()
    threads = [
        threading.Thread(
            target=_feed_until, args=(replication, each, stop), name="replica", daemon=True
        )
        for each in replication.feeders
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(STOP_SECONDS)


def _feed_until(replication: Replication, feeder: Feeder, stop: threading.Event) -> None:
    store = feeder.replica.kind == "s3"
    pause = EVERY_SECONDS_OF_A_STORE if store else EVERY_SECONDS
    while True:
        try:
            replication.feed(feeder)
        except OSError as error:  # the note beside the log, or the log itself
            log.error("A replica could not be fed name=%s: %s", feeder.replica.name, error)
        if stop.wait(pause):
            return
