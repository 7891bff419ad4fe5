"""Whatever answers a request speaks the language of whoever asked."""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from collector.model import Language
from collector.translation import reading
from collector.web.languages import asked_language


class ReadersLanguage:
    """Texts made for this request, in its task and threads, are in its language."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        with reading(asked_language(HTTPConnection(scope)) or Language.EN):
            await self._app(scope, receive, send)
