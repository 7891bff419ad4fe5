"""The way in. What it answers never tells whether the name or the password was wrong."""

from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import sessions
from collector.store import accounts
from collector.web import cookie
from collector.web.cookie import form_token
from collector.web.frame import Frame
from collector.web.rendering import render
from collector.web.site import Busy, Site, site_of
from collector.web.visitors import current_session
from collector.wording import ago, exact

PATH = "/login"
METHODS = ("GET", "POST")
LONGEST_NAME = 64
WRONG = "The username or the password is not right."
BUSY = "Many logins are being checked at the moment. Try again in a few seconds."


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    username: str
    error: str


async def page(request: Request) -> Response:
    if request.method == "POST":
        return await _log_in(request)
    if await current_session(request.scope) is not None:
        return RedirectResponse("/devices", 303)
    return _form(request)


def _form(
    request: Request, username: str = "", error: str = "", status_code: int = 200
) -> Response:
    """The form, tied to the browser's cookie; a browser without one gets one now."""
    token = cookie.token_in(request.scope)
    fresh = token or sessions.new_token()
    frame = Frame("Log in", "", form_token(fresh), site_of(request.scope).clock())
    response = render("login.html", Context(frame, username, error), status_code=status_code)
    if not token:
        cookie.put(response, fresh)
    return response


async def _log_in(request: Request) -> Response:
    form = await request.form()
    username = str(form.get("username", "")).strip()[:LONGEST_NAME]
    address = request.client.host if request.client else ""
    site = site_of(request.scope)
    free_at = site.throttle.try_now(username, address)
    if free_at is not None:
        return _throttled(request, username, free_at)
    try:
        token = await _verified(site, username, str(form.get("password", "")))
    except Busy:
        return _form(request, username, BUSY, 503)
    if token is None:
        return _form(request, username, WRONG, 401)
    site.throttle.succeeded(username, address)
    response = RedirectResponse("/devices", 303)
    cookie.put(response, token)
    return response


async def _verified(site: Site, username: str, password: str) -> str | None:
    """A new session's token, when the password is right."""
    account = await run_in_threadpool(site.store.read, lambda c: accounts.get(c, username))
    password_hash = account.password_hash if account else None
    if not await site.desk.verify(password_hash, password) or account is None:
        return None
    return await site.store.submit(lambda c: sessions.begin(c, account, site.clock()))


def _throttled(request: Request, username: str, free_at: datetime) -> Response:
    now = site_of(request.scope).clock()
    error = f"Too many failed logins. Try again {ago(free_at, now)} (at {exact(free_at)})."
    response = _form(request, username, error, 429)
    response.headers["Retry-After"] = str(int((free_at - now).total_seconds()) + 1)
    return response
