"""Ends the session on the collector, not only in the browser."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import sessions
from collector.accounts.roles import Permission
from collector.audit.entry import Action, Entry
from collector.web import cookie
from collector.web.guard import actor_of
from collector.web.site import site_of

PATH = "/logout"
METHODS = ("POST",)
PERMISSION = Permission.OWN_ACCOUNT


async def page(request: Request) -> Response:
    await site_of(request.scope).record(Entry(Action.LOGOUT, actor_of(request)))
    token = cookie.token_in(request.scope)
    await site_of(request.scope).store.submit(lambda c: sessions.end(c, token))
    response = RedirectResponse("/login", 303)
    cookie.remove(request.scope, response)
    return response
