"""What every page may use: the store, the clock, and the guards of the login."""

import asyncio
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar, cast

from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from collector.accounts.challenges import Challenges
from collector.accounts.passwords import AT_ONCE, Passwords
from collector.accounts.sealing import Seal
from collector.accounts.sso.single_sign_on import SingleSignOn
from collector.accounts.throttle import Throttle
from collector.audit.entry import Entry
from collector.audit.journal import Journal
from collector.clock import Clock
from collector.environment import PRODUCTION
from collector.export_settings import ExportSettings
from collector.policy_in_force import PolicyReader
from collector.store import Store
from collector.subscriptions import Subscriptions
from collector.web.listeners import Listeners

MOST_WAITING = 16

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept beside the store: the seal of secrets, the audit log, the collector's name.

    `sso`: None where no OpenID provider is set. `told`: whom the settings name.
    `address`: where people find the pages, "https://host"; empty: by the name they asked for,
    which is one of the certificate's. `exports`: which packs are made, and where they go.
    """

    seal: Seal
    journal: Journal
    name: str
    environment: str = PRODUCTION
    sso: SingleSignOn | None = None
    told: Subscriptions = field(default_factory=Subscriptions)
    exports: ExportSettings = field(default_factory=ExportSettings)
    address: str = ""


class Busy(Exception):
    """More logins wait for their turn than can be answered within seconds."""


@dataclass(slots=True)
class PasswordDesk:
    """Verifies passwords beside the event loop, in a short queue that pages never wait for."""

    passwords: Passwords
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
    )
    _waiting: int = 0

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """As Passwords.verify; raises Busy rather than let the queue grow."""
        return await self._in_line(lambda: self.passwords.verify(password_hash, password))

    async def hash(self, password: str) -> str:
        """As Passwords.hash; raises Busy rather than let the queue grow."""
        return await self._in_line(lambda: self.passwords.hash(password))

    async def _in_line(self, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


@dataclass(frozen=True, slots=True)
class Site:
    """`ports`: those that the pages are reached by, here and at a proxy in front.

    `connected` holds the devices that keep a stream open to this collector.
    """

    store: Store
    clock: Clock
    throttle: Throttle
    desk: PasswordDesk
    keeping: Keeping
    challenges: Challenges
    ports: tuple[int, ...]
    policy: PolicyReader = field(default_factory=PolicyReader)
    trial: asyncio.Lock = field(default_factory=asyncio.Lock)
    connected: Container[str] = frozenset()
    listeners: Listeners = field(default_factory=Listeners)

    @property
    def words(self) -> tuple[str, ...]:
        """What stands for this company and must carry no password."""
        name = self.keeping.name
        return (name, *name.split())

    async def record(self, *entries: Entry) -> None:
        """Write these down, durably. Raises AuditUnavailable: then nothing may be done."""
        await run_in_threadpool(self.keeping.journal.append, *entries)


def site_of(scope: Scope) -> Site:
    return cast(Site, scope["app"].state.site)
