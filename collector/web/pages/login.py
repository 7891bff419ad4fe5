"""The way in. What it answers never tells whether the name or the password was wrong."""

from dataclasses import dataclass, replace
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import sessions
from collector.accounts.throttle import password_of
from collector.audit.entry import Action, Entry, Outcome
from collector.store import Connection, accounts
from collector.store.accounts import Account
from collector.translation import gettext as _
from collector.translation import marked
from collector.web import cookie
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, visitor_of
from collector.web.passkeys import Purpose, offer
from collector.web.rendering import render
from collector.web.site import Busy, Site, site_of
from collector.web.visitors import current_session
from collector.wording import ago, exact

PATH = "/login"
METHODS = ("GET", "POST")
PERMISSION = None
LONGEST_NAME = 64
WRONG = marked("The username or the password is not right.")
BUSY = marked("Many logins are being checked at the moment. Try again in a few seconds.")


@dataclass(frozen=True, slots=True)
class Context:
    """`passkey`: what the browser is asked, as JSON; empty: passkeys cannot be used here.

    `sso`: how the OpenID provider is called; empty: there is none.
    """

    frame: Frame
    username: str
    passkey: str
    error: str
    sso: str


async def page(request: Request) -> Response:
    if request.method == "POST":
        return await _log_in(request)
    if await current_session(request.scope) is not None:
        return RedirectResponse("/", 303)
    return form(request)


def form(request: Request, username: str = "", error: str = "", status_code: int = 200) -> Response:
    """The first step, tied to the browser's cookie; a browser without one gets one now."""
    token = cookie.token_in(request.scope)
    fresh = token or sessions.new_token()
    frame = frame_of(request.scope, _("Log in"), fresh)
    passkey = offer(request, Purpose.LOG_IN, (), bound_to=fresh)
    sso = site_of(request.scope).keeping.sso
    context = Context(frame, username, passkey, error, sso.settings.name if sso else "")
    response = render("login.html", context, status_code=status_code)
    if not token:
        cookie.put(request.scope, response, fresh)
    return response


async def _log_in(request: Request) -> Response:
    typed = await request.form()
    username = str(typed.get("username", "")).strip()[:LONGEST_NAME]
    address = request.client.host if request.client else ""
    site = site_of(request.scope)
    known = await run_in_threadpool(site.store.read, lambda c: accounts.get(c, username))
    free_at = site.throttle.try_now(password_of(username), address, is_account=known is not None)
    if free_at is not None:
        return throttled(request, username, free_at)
    try:
        account = await _verified(site, username, str(typed.get("password", "")))
    except Busy:
        site.throttle.not_tried(password_of(username), address)
        return form(request, username, BUSY, 503)
    token = await _half_session(request, site, account) if account else None
    if token is None:
        await _write_down(request, username)
        return form(request, username, WRONG, 401)
    site.throttle.succeeded(password_of(username), address)
    response = RedirectResponse("/login/factor", 303)
    cookie.put(request.scope, response, token)
    return response


async def _verified(site: Site, username: str, password: str) -> Account | None:
    """The account, when the password is right and nobody has disabled it."""
    account = await run_in_threadpool(site.store.read, lambda c: accounts.get(c, username))
    password_hash = account.password_hash or None if account else None
    if not await site.desk.verify(password_hash, password) or account is None:
        return None
    if account.disabled_at is not None:
        return None
    if site.desk.passwords.is_outdated(account.password_hash):
        old, fresh = account.password_hash, await site.desk.hash(password)
        await site.store.submit(lambda c: accounts.refresh_hash(c, username, old, fresh))
        return replace(account, password_hash=fresh)
    return account


async def _half_session(request: Request, site: Site, account: Account) -> str | None:
    """Its token; None when the account was changed while the password was looked at."""
    visitor, now = visitor_of(request), site.clock()

    def begin(c: Connection) -> str | None:
        held = accounts.get(c, account.username)
        if held is None or held.disabled_at is not None:
            return None
        same = held.password_hash == account.password_hash
        return sessions.begin(c, held, now, visitor) if same else None

    return await site.store.submit(begin)


async def _write_down(request: Request, username: str) -> None:
    """A failed login. What is no account's name may be a password typed into the wrong field."""
    site = site_of(request.scope)
    known = await run_in_threadpool(site.store.read, lambda c: accounts.get(c, username))
    subject = f"account:{username if known else '(unknown)'}"
    await site.record(Entry(Action.LOGIN, actor_of(request), Outcome.FAILED, subject))


def throttled(request: Request, username: str, free_at: datetime) -> Response:
    now = site_of(request.scope).clock()
    error = _(
        "Too many failed logins. Try again %(soon)s (at %(at)s).",
        soon=ago(free_at, now),
        at=exact(free_at),
    )
    response = form(request, username, error, 429)
    response.headers["Retry-After"] = str(int((free_at - now).total_seconds()) + 1)
    return response
