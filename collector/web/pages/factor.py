"""The second step of the login: a passkey, a code of the app, or one of the recovery codes."""

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
    if (await request.form()).get(FIELD):
        token = await _by_passkey(request)
        return await _entered(request, token, "passkey", WRONG_PASSKEY)
    token = await _by_code(request)
    if token is None:
        await write_down_failure(request)
    return await _entered(request, token, "code", WRONG)


async def _by_code(request: Request) -> str | None:
    site, half = site_of(request.scope), session_of(request)
    code, now = str((await request.form()).get("code", "")), site.clock()
    seal = site.keeping.seal
    return await site.store.submit(lambda c: second_factor.show_code(c, seal, half, code, now))


async def _by_passkey(request: Request) -> str | None:
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

    return None if used is None else await site.store.submit(lambda c: enter(c, used))


async def _entered(request: Request, token: str | None, by: str, wrong: str) -> Response:
    if token is None:
        return await form(request, STEP, wrong, 401)
    succeeded(request)
    subject = f"account:{session_of(request).username}"
    await site_of(request.scope).record(
        Entry(Action.LOGIN, actor_of(request), subject=subject, detail={"by": by})
    )
    response = RedirectResponse("/", 303)
    cookie.put(request.scope, response, token)
    return response
