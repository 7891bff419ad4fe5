"""Takes what a person decides about a doubted check; in the audit log before it is done."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.doubting import Decision, checked, resolve
from collector.incidents.handling import ChangedMeanwhile, NotPossible
from collector.store.disputes import OPEN
from collector.translation import said_of
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.pages.disputes import Typed, shown
from collector.web.site import site_of

PATH = "/disputes/resolve"
METHODS = ("POST",)
PERMISSION = Permission.HANDLE_INCIDENTS


async def page(request: Request) -> Response:
    form = await request.form()
    number = str(form.get("number", ""))
    typed = Typed(
        int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 0,
        str(form.get("decision", "")),
        str(form.get("until", "")),
        str(form.get("reason", "")),
        str(form.get("seen", "")) or OPEN,
    )
    try:
        await _resolve(request, typed)
    except NotPossible as error:
        status = 409 if isinstance(error, ChangedMeanwhile) else 400
        return await shown(request, replace(typed, error=said_of(error)), status)
    return RedirectResponse("/disputes", 303)


async def _resolve(request: Request, typed: Typed) -> None:
    """What cannot be done is not written down."""
    site = site_of(request.scope)
    by, number = session_of(request).username, typed.number
    now, until = site.clock(), typed.until.strip()
    decision = Decision(typed.decision, until, typed.reason, by, now, typed.seen)
    await site.store.submit(lambda c: checked(c, number, decision))
    detail = {"decision": decision.state, "until": decision.until_version}
    async with noted_on(
        request, Action.DISPUTE_RESOLVED, f"dispute:{number}", **detail, reason=decision.reason
    ):
        await site.store.submit(lambda c: resolve(c, number, decision))
