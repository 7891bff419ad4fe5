"""Which open pages hold a stream, by session; few, so that pages always find a connection."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.types import Scope

from collector.accounts.sessions import Session

MOST = 100
MOST_OF_ONE = 4
"""Streams of one session: a tab that is not looked at closes its own."""
REFRESH = "muster-live"
"""The header of a page that fetches itself because it heard of a change."""


class TooMany(Exception):
    """As many streams are open as there may be."""


@dataclass(slots=True)
class Listeners:
    """The open streams, by session and by the page that each belongs to."""

    most: int = MOST
    _open: list[tuple[bytes, str]] = field(default_factory=list)
    _closing: bool = False

    @property
    def closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """The collector stops: streams end at their next look."""
        self._closing = True

    def holds(self, session: Session, page: str) -> bool:
        return (session.token_hash, page) in self._open

    @contextmanager
    def one(self, session: Session, page: str) -> Iterator[None]:
        """Raises TooMany."""
        mine = sum(held == session.token_hash for held, _ in self._open)
        if self._closing or mine >= MOST_OF_ONE or len(self._open) >= self.most:
            raise TooMany
        entry = (session.token_hash, page)
        self._open.append(entry)
        try:
            yield
        finally:
            self._open.remove(entry)


def digest(*parts: object) -> str:
    """
    >>> digest("a", None, 3) == digest("a", None, 3) != digest("a", None, 4)
    True
    """
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()[:32]


def is_refresh(request: Request, session: Session, listeners: Listeners) -> bool:
    """Whether this is a page that heard of a change; its stream has left the trace of it."""
    return REFRESH in request.headers and listeners.holds(session, request.url.path)


def asked_by_script(scope: Scope) -> bool:
    """What no person did: it moves no end of a session."""
    names = {name for name, _ in scope["headers"]}
    return REFRESH.encode() in names or str(scope["path"]).endswith("/events")
