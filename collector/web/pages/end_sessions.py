"""A person ends the own sessions: one that is named, or all but this one."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.store import Connection, sessions
from collector.web.errors import NOT_FOUND
from collector.web.guard import session_of
from collector.web.noting import noted
from collector.web.pages.account import id_of
from collector.web.site import site_of

PATH = "/account/sessions"
METHODS = ("POST",)
PERMISSION = Permission.OWN_ACCOUNT


async def page(request: Request) -> Response:
    site, session = site_of(request.scope), session_of(request)
    which, now = str((await request.form()).get("session", "")), site.clock()

    def chosen(c: Connection) -> list[bytes]:
        every = sessions.of_person(c, session.username, now)
        others = [each for each in every if each.token_hash != session.token_hash]
        return [each.token_hash for each in others if which in ("others", id_of(each))]

    def end(c: Connection) -> int:
        return sum(sessions.end(c, token_hash) for token_hash in chosen(c))

    if which != "others" and not await run_in_threadpool(site.store.read, chosen):
        return NOT_FOUND.response(request.scope)
    async with noted(request, Action.SESSION_ENDED, session.username, which=which):
        await site.store.submit(end)
    return RedirectResponse("/account?done=session", 303)
