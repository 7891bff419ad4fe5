"""What an endpoint is given and what it gives back; and how a change is written down first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool

from collector.accounts.access_tokens import Bearer
from collector.accounts.roles import Permission
from collector.accounts.throttle import Throttle
from collector.audit.entry import Action, Actor, ActorKind, Entry, Outcome
from collector.model import Language
from collector.store import Connection
from collector.veil import Veil
from collector.web.site import Site

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in: its values are checked, its sender may make it."""

    site: Site
    bearer: Bearer
    address: str
    codes: Throttle
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    accepts: Language | None = None

    @property
    def reads(self) -> Language | None:
        """The language asked for: by `lang`, else as `Accept-Language` says; None: by neither."""
        return Language(self.query["lang"]) if self.query.get("lang") else self.accepts

    @property
    def now(self) -> datetime:
        return self.site.clock()

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.TOKEN, self.bearer.name, self.address)

    def may(self, permission: Permission) -> bool:
        return permission in self.bearer.holds

    async def read(self, query: Callable[[Connection], T]) -> T:
        return await run_in_threadpool(self.site.store.read, query)

    async def note(self, action: Action, subject: str, detail: Mapping[str, str]) -> None:
        """Write down what is given away. Raises AuditUnavailable: then nothing may be."""
        await self.site.record(Entry(action, self.actor, Outcome.DONE, subject, detail))

    async def change(
        self, action: Action, subject: str, detail: Mapping[str, str], write: "Callable[..., T]"
    ) -> T:
        """Write down what is about to be done, and do it; when that fails, write that down too."""
        entry = Entry(action, self.actor, Outcome.DONE, subject, detail)
        await self.site.record(entry)
        try:
            return await self.site.store.submit(write)
        except BaseException:
            await self.site.record(replace(entry, outcome=Outcome.FAILED))
            raise


@dataclass(frozen=True, slots=True)
class One:
    """One object of the kind that the route gives."""

    values: Mapping[str, Any]
    veil: Veil = field(default_factory=Veil)


@dataclass(frozen=True, slots=True)
class Several:
    """A page of objects; `following` is the cursor of the next one."""

    items: Sequence[Mapping[str, Any]]
    following: str | None = None
    veil: Veil = field(default_factory=Veil)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the collector's own, under its own name."""

    path: Path
