"""A request's body is at most 64 KiB and is all there before anything looks at it.

A file of owners is the one thing that may be larger, at its own addresses.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collector.web import errors

MOST_BYTES = 64 * 1024
FILES = frozenset({"/people/import", "/api/v1/people/check", "/api/v1/people/import"})
MOST_BYTES_OF_A_FILE = 4 * 1024 * 1024


class BodyLimit:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await whole(scope, receive)
        if body is None:
            await errors.TOO_LARGE.response(scope)(scope, receive, send)
            return
        await self._app(scope, replay(body, receive), send)


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives this body at once, and then what the client really does.

    To say "gone" instead would cut a file short: Starlette stops sending when it hears that.
    """
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


async def whole(scope: Scope, receive: Receive) -> bytes | None:
    """All of it; None when it is larger than it may be."""
    most = MOST_BYTES_OF_A_FILE if scope["path"] in FILES else MOST_BYTES
    announced = Headers(scope=scope).get("content-length", "0")
    if not announced.isascii() or not announced.isdigit() or int(announced) > most:
        return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > most:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)
