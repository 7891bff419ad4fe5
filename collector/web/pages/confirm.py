"""Before something grave, a person who logged in a while ago shows the second factor again."""

import re
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import passkeys, second_factor
from collector.accounts.roles import Permission
from collector.audit.entry import Action, Entry
from collector.store import Connection
from collector.translation import marked
from collector.web.guard import actor_of, session_of
from collector.web.passkeys import FIELD, Purpose, shown
from collector.web.passkeys import WRONG as WRONG_PASSKEY
from collector.web.second_step import WRONG, Step, form, succeeded, too_many, write_down_failure
from collector.web.site import site_of

PATH = "/account/confirm"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
OURS = re.compile(
    r"/(accounts?|audit|devices|enrollment|groups|people)(/[A-Za-z0-9_.@+-]{1,128}){0,3}"
)
LONGEST_PATH = 300
Prove = Callable[[Connection], bool]


async def page(request: Request) -> Response:
    if request.method == "POST":
        step = _step(str((await request.form()).get("next", "")))
        return await too_many(request, step) or await _answered(request, step)
    return await form(request, _step(request.query_params.get("next", "")))


def _step(path: str) -> Step:
    ours = len(path) <= LONGEST_PATH and OURS.fullmatch(path)
    return Step(marked("Is it still you?"), PATH, Purpose.CONFIRM, path if ours else "/account")


async def _answered(request: Request, step: Step) -> Response:
    """What is right is written down before it counts, and again, as failed, when another try with
    the same was faster."""
    by_passkey = bool((await request.form()).get(FIELD))
    wrong = WRONG_PASSKEY if by_passkey else WRONG
    prove = await (_by_passkey(request) if by_passkey else _by_code(request))
    if prove is None:
        return await form(request, step, wrong, 401)
    site, subject = site_of(request.scope), f"account:{session_of(request).username}"
    detail = {"step": "asked again"}
    await site.record(Entry(Action.LOGIN, actor_of(request), subject=subject, detail=detail))
    if not await site.store.submit(prove):
        await write_down_failure(request)
        return await form(request, step, wrong, 401)
    succeeded(request)
    return RedirectResponse(step.next_path, 303)


async def _by_code(request: Request) -> Prove | None:
    """What makes the session fresh; None: the code is wrong."""
    site, session = site_of(request.scope), session_of(request)
    code, now = str((await request.form()).get("code", "")), site.clock()
    seal = site.keeping.seal

    def is_right(c: Connection) -> bool:
        return second_factor.is_right(c, seal, session.username, code, now)

    if not await run_in_threadpool(site.store.read, is_right):
        await write_down_failure(request)
        return None
    return lambda c: second_factor.confirm_by_code(c, seal, session, code, now)


async def _by_passkey(request: Request) -> Prove | None:
    """As `_by_code`."""
    site, session = site_of(request.scope), session_of(request)
    used = await shown(request, Purpose.CONFIRM, session.username)
    if used is None:
        return None
    passkey, count, now = used.passkey, used.count, site.clock()
    return lambda c: passkeys.confirm(c, passkey, count, session, now)
