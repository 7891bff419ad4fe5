"""Before something grave, a person who logged in a while ago shows the second factor again."""

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import passkeys, second_factor
from collector.accounts.roles import Permission
from collector.audit.entry import Action, Entry
from collector.translation import marked
from collector.web.guard import actor_of, session_of
from collector.web.passkeys import FIELD, Purpose, shown
from collector.web.passkeys import WRONG as WRONG_PASSKEY
from collector.web.second_step import WRONG, Step, form, succeeded, too_many, write_down_failure
from collector.web.site import site_of

PATH = "/account/confirm"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
OURS = re.compile(r"/(accounts?|audit|devices|groups|people)(/[A-Za-z0-9_.@+-]{1,128}){0,3}")
LONGEST_PATH = 300


async def page(request: Request) -> Response:
    if request.method == "POST":
        step = _step(str((await request.form()).get("next", "")))
        return await too_many(request, step) or await _answered(request, step)
    return await form(request, _step(request.query_params.get("next", "")))


def _step(path: str) -> Step:
    ours = len(path) <= LONGEST_PATH and OURS.fullmatch(path)
    return Step(marked("Is it still you?"), PATH, Purpose.CONFIRM, path if ours else "/account")


async def _answered(request: Request, step: Step) -> Response:
    by_passkey = bool((await request.form()).get(FIELD))
    if by_passkey and not await _passkey_is_right(request):
        return await form(request, step, WRONG_PASSKEY, 401)
    if not by_passkey and not await _code_is_right(request):
        await write_down_failure(request)
        return await form(request, step, WRONG, 401)
    succeeded(request)
    subject = f"account:{session_of(request).username}"
    await site_of(request.scope).record(
        Entry(Action.LOGIN, actor_of(request), subject=subject, detail={"step": "asked again"})
    )
    return RedirectResponse(step.next_path, 303)


async def _code_is_right(request: Request) -> bool:
    site, session = site_of(request.scope), session_of(request)
    code, now = str((await request.form()).get("code", "")), site.clock()
    seal = site.keeping.seal
    return await site.store.submit(
        lambda c: second_factor.confirm_by_code(c, seal, session, code, now)
    )


async def _passkey_is_right(request: Request) -> bool:
    site, session = site_of(request.scope), session_of(request)
    used = await shown(request, Purpose.CONFIRM, session.username)
    if used is None:
        return False
    now = site.clock()
    return await site.store.submit(
        lambda c: passkeys.confirm(c, used.passkey, used.count, session, now)
    )
