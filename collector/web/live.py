"""An open page hears within seconds that what it shows has changed; it is told nothing else.

The page then fetches itself anew, so that who may see which field is decided in one place. Whether
the session still stands is looked up with every look at the store: its stream ends with it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from collector.accounts import sessions
from collector.store import Connection, StoreError
from collector.web.cookie import token_in
from collector.web.guard import session_of
from collector.web.listeners import TooMany
from collector.web.site import site_of

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.5
ALIVE_LOOKS = 10
TAKEN_SECONDS = 10.0
"""After so many looks without a change the connection shows that it is there."""
RETRY_MILLISECONDS = 3_000
LONGEST_VERSION = 64
TYPE = "text/event-stream"

Version = Callable[[Connection], str]
"""What a page shows, in so few words that two of them are equal while it need not change."""


async def events(request: Request, page: str, version: Version) -> Response:
    """The stream of `page`. Whoever asks for no stream gets the version of now."""
    site, session = site_of(request.scope), session_of(request)
    if TYPE not in request.headers.get("accept", ""):
        return PlainTextResponse(await run_in_threadpool(site.store.read, version))
    try:
        opened = site.listeners.one(session, page)
        opened.__enter__()
    except TooMany:
        return PlainTextResponse("too many streams: look again later\n", 503)
    seen = request.headers.get("last-event-id") or request.query_params.get("seen", "")
    stream = _Stream(request, version, seen[:LONGEST_VERSION])

    async def lines() -> AsyncIterator[str]:
        try:
            async for line in stream.lines():
                yield line
        finally:
            opened.__exit__(None, None, None)

    return Dropping(lines(), media_type=TYPE)


class Dropping(StreamingResponse):
    """A stream that ends where a line is not taken in time: its place is somebody else's then."""

    taken_seconds = TAKEN_SECONDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def in_time(message: Message) -> None:
            await asyncio.wait_for(send(message), self.taken_seconds)

        try:
            await super().__call__(scope, receive, in_time)
        except (TimeoutError, ClientDisconnect):
            log.info("A stream is dropped: its reader takes nothing or is gone.")
        finally:
            await self.body_iterator.aclose()  # type: ignore[attr-defined]  # a generator of ours


@dataclass(slots=True)
class _Stream:
    request: Request
    version: Version
    seen: str

    async def lines(self) -> AsyncIterator[str]:
        site, looks = site_of(self.request.scope), 0
        yield f"retry: {RETRY_MILLISECONDS}\n\n"
        while not site.listeners.closing:
            try:
                now = await run_in_threadpool(site.store.read, self._look)
            except StoreError:
                return
            if now is None:
                return
            if now != self.seen:
                self.seen, looks = now, 0
                yield f"id: {now}\nevent: changed\ndata: changed\n\n"
            looks += 1
            if looks % ALIVE_LOOKS == 0:
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self, c: Connection) -> str | None:
        """None: the session is over, or is allowed something else by now."""
        scope = self.request.scope
        session = sessions.find(c, token_in(scope), site_of(scope).clock())
        if session is None or session.factor_at is None:
            return None
        if session.role is not session_of(self.request).role:  # the next look asks the guard anew
            return None
        return self.version(c)
