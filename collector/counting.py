"""What keeps the counts true by the clock: silence is marked, days are kept, drift is mended."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.clock import Clock
from collector.policy_in_force import PolicyReader
from collector.store import Connection, Store, recount, snapshots, tallies

log = logging.getLogger(__name__)

MOST_AT_ONCE = 500
EVERY = timedelta(days=1)


@dataclass(slots=True)
class Counting:
    """One for a running collector; `tick` blocks, so it is called from a thread."""

    store: Store
    clock: Clock
    policy: PolicyReader
    _compared_at: datetime | None = None

    def begin(self) -> None:
        """Before the first check-in: keep the days on which no collector ran."""
        self.store.write(self._keep_days)

    def tick(self) -> None:
        """Short transactions: check-ins go on between them."""
        while self.store.write(self._mark_silence) >= MOST_AT_ONCE:
            pass
        self.store.write(self._keep_days)
        self._compare()

    def _mark_silence(self, c: Connection) -> int:
        return tallies.mark_silence(c, self.clock(), self._stale_after(c), MOST_AT_ONCE)

    def _keep_days(self, c: Connection) -> int:
        return snapshots.take(c, self.clock(), self._stale_after(c))

    def _stale_after(self, c: Connection) -> timedelta:
        return timedelta(days=self.policy.current(c).stale_after_days)

    def _compare(self) -> None:
        """Every day and at the start. A wrong counter is a defect: it is said, and mended."""
        now = self.clock()
        if self._compared_at is not None and now - self._compared_at < EVERY:
            return
        self._compared_at = now
        drift = self.store.read(recount.drifted)
        for each in drift:
            log.error(
                "A counter was wrong counter=%s counted=%d there_are=%d",
                each.counter,
                each.counted,
                each.there_are,
            )
        if drift:
            self.store.write(recount.recount)
