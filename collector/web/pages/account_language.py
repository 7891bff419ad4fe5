"""Remembers with the account in which language its person reads, in every browser and by mail."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.store import accounts
from collector.web import looks
from collector.web.guard import session_of
from collector.web.looks import look_of
from collector.web.noting import noted
from collector.web.site import site_of

PATH = "/account/language"
METHODS = ("POST",)
PERMISSION = Permission.OWN_ACCOUNT


async def page(request: Request) -> Response:
    """An empty one: as each browser asks."""
    language = look_of(str((await request.form()).get("language", "")), "").language
    await keep(request, language)
    response = RedirectResponse("/account?done=language", 303)
    looks.put(response, look_of(language, looks.look_in(request.scope).theme))
    return response


async def keep(request: Request, language: str) -> None:
    """For whoever is logged in; nothing is written where it is so already."""
    site, session = site_of(request.scope), session_of(request)
    if session.language == language:
        return
    name = session.username
    async with noted(request, Action.ACCOUNT_CHANGED, name, language=language or "browser"):
        await site.store.submit(lambda c: accounts.set_language(c, name, language))
