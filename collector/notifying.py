"""What the collector tells people, by the clock: found in the store, put out, handed over.

Finding and handing over have a thread each: a mail server that is slow delays no verdict and no
doubt.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collector.audit.journal import Journal
from collector.clock import Clock
from collector.doubting import Doubting
from collector.notify.daily import Daily
from collector.notify.delivering import Delivering, open_channels
from collector.notify.failing import Failing
from collector.policy import Policy
from collector.policy_in_force import PolicyReader
from collector.store import Store, disputes, notifications
from collector.subscriptions import Subscriptions

log = logging.getLogger(__name__)

SECONDS = 5.0
KEPT = timedelta(days=90)
BETWEEN_BURSTS = timedelta(minutes=10)
"""A first failure is told at once; what follows within these minutes is one message."""


@dataclass(slots=True)
class Notifying:
    """One for a running collector; `tick` blocks, so it is called from a thread."""

    store: Store
    clock: Clock
    delivering: Delivering
    failing: Failing
    daily: Daily
    doubting: Doubting
    policies: PolicyReader = field(default_factory=PolicyReader)
    _gathered_at: datetime | None = field(default=None)
    _swept_at: datetime | None = field(default=None)

    def tick(self) -> None:
        self.gather()
        self.deliver()

    def gather(self) -> None:
        """Find what is to be told. Waits for nobody: checks are doubted here."""
        policy, now = self.store.read(self.policies.current), self.clock()
        self._doubt(policy, now)
        if _is_over(self._gathered_at, now, BETWEEN_BURSTS) and self.failing.gather(policy, now):
            self._gathered_at = now
        self.daily.tell(policy, now)
        self._sweep()

    def deliver(self) -> None:
        """Hand over what is due: as slow as those who take it."""
        self.delivering.deliver_due()

    def _doubt(self, policy: Policy, now: datetime) -> None:
        """Before anybody is told of a failure: it may be the check that fails."""
        for each in self.doubting.tick(policy.disputes, now):
            log.warning(
                "A check is doubted dispute=%d rule=%s where=%s",
                each.number,
                each.rule_id,
                each.place.value,
            )

    def _sweep(self) -> None:
        """The delivery log is kept for three months."""
        now = self.clock()
        if _is_over(self._swept_at, now, timedelta(hours=1)):
            self._swept_at = now
            self.store.write(lambda c: notifications.forget(c, now - KEPT))
            self.store.write(lambda c: disputes.forget_counts(c, now))


def _is_over(at: datetime | None, now: datetime, wait: timedelta) -> bool:
    """Also when our own clock was set back since."""
    return at is None or not timedelta(0) <= now - at < wait


def notifying_of(
    store: Store, told: Subscriptions, clock: Clock, web: str = "", journal: Journal | None = None
) -> Notifying:
    """`web`: where people open the pages, as "https://host:port"."""
    return Notifying(
        store,
        clock,
        Delivering(store, open_channels(told), clock),
        Failing(store, told, web),
        Daily(store, told, web),
        Doubting(store, journal),
    )


@asynccontextmanager
async def telling_people(notifying: Notifying) -> AsyncIterator[None]:
    """Inside the block. One failed round is logged, and the next one comes."""
    tasks = [asyncio.create_task(_keep_on(work)) for work in (notifying.gather, notifying.deliver)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_on(work: Callable[[], None]) -> None:
    while True:
        try:
            await asyncio.to_thread(work)
        except Exception:
            log.exception("The notifications failed")
        await asyncio.sleep(SECONDS)
