"""Nothing changes unless a form of ours, in the visitor's own browser, asked for it.

Three things hold together: the cookie is SameSite=Strict; the browser says that the request comes
from us (Sec-Fetch-Site, or Origin where it is missing); and the form carries a value that only a
page made for this cookie can know.
"""

import hmac

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from collector.web import errors
from collector.web.body import replay
from collector.web.cookie import form_token, token_in

SAFE_METHODS = frozenset({"GET", "HEAD"})
FIELD = "form_token"
MOST_FIELDS = 100
"""A page of devices, each with its box, and what is to be done with them."""
FORM, UPLOAD = "application/x-www-form-urlencoded", "multipart/form-data"
UPLOADS = frozenset({"/people/import"})
"""Where a form may bring a file along."""


class ForgeryProtection:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        if not from_us(request.headers) or not await _holds_token(request, body):
            await errors.FORGED.response(scope)(scope, receive, send)
            return
        await self._app(scope, replay(body, receive), send)


def from_us(headers: Headers) -> bool:
    """Whether the browser says the request was made by one of our own pages.

    Browsers send `Origin: null` with our `Referrer-Policy: no-referrer`, so that Origin decides
    only where Sec-Fetch-Site is missing (Fetch standard, "append a request Origin header").
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    ours = f"https://{headers.get('host', '')}"
    if site is not None:
        return site == "same-origin" and origin in (None, "null", ours)
    return origin == ours


async def _holds_token(request: Request, body: bytes) -> bool:
    cookie_token = token_in(request.scope)
    content_type = request.headers.get("content-type", "")
    kinds = (FORM, UPLOAD) if request.url.path in UPLOADS else (FORM,)
    if not cookie_token or content_type.split(";")[0] not in kinds:
        return False
    try:
        async with Request(request.scope, replay(body, request.receive)).form(
            max_fields=MOST_FIELDS
        ) as form:
            given = form.get(FIELD)
    except HTTPException:  # more fields than any form of ours has
        return False
    return isinstance(given, str) and hmac.compare_digest(
        given.encode(), form_token(cookie_token).encode()
    )
