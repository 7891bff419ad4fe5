"""The second step of the login: a code of the app, or one of the recovery codes."""

from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import second_factor
from collector.accounts.roles import Permission
from collector.audit.entry import Action, Entry, Outcome
from collector.store import Connection, accounts
from collector.web import cookie
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, session_of
from collector.web.rendering import render
from collector.web.site import site_of
from collector.wording import ago, exact

PATH = "/login/factor"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
WRONG = "This code is not right, or it was used already. Wait for the next one."


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    error: str


async def page(request: Request) -> Response:
    site, session = site_of(request.scope), session_of(request)
    if session.factor_at is not None:
        return RedirectResponse("/devices", 303)

    def enrolled(c: Connection) -> bool:
        account = accounts.get(c, session.username)
        return account is not None and second_factor.has_factor(c, account)

    if not await run_in_threadpool(site.store.read, enrolled):
        return RedirectResponse("/login/app", 303)
    if request.method == "POST":
        return await _show_code(request)
    return _form(request)


def _form(request: Request, error: str = "", status_code: int = 200) -> Response:
    context = Context(frame_of(request.scope, "Second step"), error)
    return render("factor.html", context, status_code=status_code)


async def _show_code(request: Request) -> Response:
    site, half = site_of(request.scope), session_of(request)
    address = request.client.host if request.client else ""
    free_at = site.throttle.try_now(counted_as(half.username), address)
    if free_at is not None:
        return throttled(_form(request, wait_words(free_at, site.clock()), 429), free_at, request)
    code, now = str((await request.form()).get("code", "")), site.clock()
    seal = site.keeping.seal
    token = await site.store.submit(lambda c: second_factor.show_code(c, seal, half, code, now))
    if token is None:
        detail = {"step": "second factor"}
        subject = f"account:{half.username}"
        entry = Entry(Action.LOGIN, actor_of(request), Outcome.FAILED, subject, detail)
        await site.record(entry)
        return _form(request, WRONG, 401)
    site.throttle.succeeded(counted_as(half.username), address)
    await site.record(Entry(Action.LOGIN, actor_of(request), subject=f"account:{half.username}"))
    response = RedirectResponse("/devices", 303)
    cookie.put(request.scope, response, token)
    return response


def counted_as(username: str) -> str:
    """Codes are counted apart from passwords: whoever guesses one has the other already."""
    return f"second factor of {username}"


def wait_words(free_at: datetime, now: datetime) -> str:
    return f"Too many wrong codes. Try again {ago(free_at, now)} (at {exact(free_at)})."


def throttled(response: Response, free_at: datetime, request: Request) -> Response:
    seconds = int((free_at - site_of(request.scope).clock()).total_seconds()) + 1
    response.headers["Retry-After"] = str(seconds)
    return response
