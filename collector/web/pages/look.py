"""Remembers the language and the colours that a person wants, and leads back to the page.

The language of somebody who is logged in is their account's, in whatever browser.
"""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.web import looks
from collector.web.frame import SESSION
from collector.web.looks import look_in, look_of
from collector.web.pages.account_language import keep
from collector.web.visitors import current_session

PATH = "/look"
METHODS = ("POST",)
PERMISSION = None
LONGEST_PATH = 2000


async def page(request: Request) -> Response:
    form = await request.form()
    before = look_in(request.scope)
    asked = look_of(
        str(form.get("language", before.language)), str(form.get("theme", before.theme))
    )
    session = await current_session(request.scope)
    if session is not None and session.factor_at is not None and "language" in form:
        request.scope[SESSION] = session
        await keep(request, asked.language or session.language)
    response = RedirectResponse(_ours(str(form.get("next", ""))), 303)
    looks.put(response, replace(asked, language=asked.language or before.language))
    return response


def _ours(path: str) -> str:
    """The path when it is one of this site; a browser would read `//` and `/\\` as another host.

    >>> _ours("/devices?state=stale"), _ours("//example.net"), _ours("https://example.net")
    ('/devices?state=stale', '/', '/')
    """
    stays = path.startswith("/") and path[1:2] not in ("/", "\\") and path.isprintable()
    return path if stays and len(path) <= LONGEST_PATH else "/"
