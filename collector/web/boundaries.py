"""Where a request ends is said once: two ways of saying it are two requests to a proxy and to us.

RFC 9112, 6.3: a message with Transfer-Encoding and Content-Length may be an attempt to smuggle
another request past the proxy in front; it is refused, and the connection closed behind it.
"""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

REFUSED = "Say the length of a request once: Content-Length or Transfer-Encoding.\n"


class OneLength:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else ()
        if "transfer-encoding" in headers and "content-length" in headers:
            answer = PlainTextResponse(REFUSED, 400, {"Connection": "close"})
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
