"""The second step of the login: a passkey, a code of the app, or one of the recovery codes."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import passkeys, second_factor
from collector.accounts.roles import Permission
from collector.audit.entry import Action, Entry
from collector.store import Connection, accounts, sessions
from collector.translation import marked
from collector.web import cookie
from collector.web.guard import actor_of, session_of, visitor_of
from collector.web.passkeys import FIELD, Purpose, Shown, shown
from collector.web.passkeys import WRONG as WRONG_PASSKEY
from collector.web.second_step import WRONG, Step, form, succeeded, too_many, write_down_failure
from collector.web.site import site_of

PATH = "/login/factor"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
Enter = Callable[[Connection], str | None]
STEP = Step(marked("Second step"), PATH, Purpose.SECOND_STEP)


async def page(request: Request) -> Response:
    site, session = site_of(request.scope), session_of(request)
    if session.factor_at is not None:
        return RedirectResponse("/", 303)

    def enrolled(c: Connection) -> bool:
        account = accounts.get(c, session.username)
        return account is not None and second_factor.has_factor(c, account)

    if not await run_in_threadpool(site.store.read, enrolled):
        return RedirectResponse("/login/app", 303)
    if request.method == "POST":
        return await too_many(request, STEP) or await _answered(request)
    return await form(request, STEP)


async def _answered(request: Request) -> Response:
    """What is right is written down before the session begins, and again, as failed, when another
    try with the same was faster."""
    by_passkey = bool((await request.form()).get(FIELD))
    enter = await (_by_passkey(request) if by_passkey else _by_code(request))
    if enter is None:
        return await form(request, STEP, WRONG_PASSKEY if by_passkey else WRONG, 401)
    site, subject = site_of(request.scope), f"account:{session_of(request).username}"
    detail = {"by": "passkey" if by_passkey else "code"}
    await site.record(Entry(Action.LOGIN, actor_of(request), subject=subject, detail=detail))
    token = await site.store.submit(enter)
    if token is None:
        await write_down_failure(request)
        return await form(request, STEP, WRONG_PASSKEY if by_passkey else WRONG, 401)
    succeeded(request)
    response = RedirectResponse("/", 303)
    cookie.put(request.scope, response, token)
    return response


async def _by_code(request: Request) -> Enter | None:
    """What lets the person in; None: the code is wrong."""
    site, half = site_of(request.scope), session_of(request)
    code, now = str((await request.form()).get("code", "")), site.clock()
    seal = site.keeping.seal

    def is_right(c: Connection) -> bool:
        return second_factor.is_right(c, seal, half.username, code, now)

    if not await run_in_threadpool(site.store.read, is_right):
        await write_down_failure(request)
        return None
    return lambda c: second_factor.show_code(c, seal, half, code, now)


async def _by_passkey(request: Request) -> Enter | None:
    """As `_by_code`."""
    site, half, visitor = site_of(request.scope), session_of(request), visitor_of(request)
    used = await shown(request, Purpose.SECOND_STEP, half.username)
    now = site.clock()

    def enter(c: Connection, used: Shown) -> str | None:
        if sessions.get(c, half.token_hash, now) is None:
            return None
        token = passkeys.enter(c, used.passkey, used.count, visitor, now)
        if token is not None:
            sessions.end(c, half.token_hash)
        return token

    return None if used is None else lambda c: enter(c, used)
