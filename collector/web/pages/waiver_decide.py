"""Approves, refuses or ends a waiver: never by whoever asked for it."""

from starlette.requests import Request
from starlette.responses import Response

from collector import waiving
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.store import Connection
from collector.store.waivers import Entry, WaiverState
from collector.translation import said_of
from collector.waiving import NoSuchThing, NotWaived
from collector.web.errors import NOT_FOUND
from collector.web.guard import session_of
from collector.web.pages.waivers import register
from collector.web.site import site_of
from collector.web.waivers import decide, number_in

PATH = "/waivers/{waiver}/decide"
METHODS = ("POST",)
PERMISSION = Permission.APPROVE_WAIVER


async def page(request: Request) -> Response:
    form = await request.form()
    remark = " ".join(str(form.get("remark", "")).split())
    try:
        return await _decided(request, str(form.get("action", "")), remark)
    except NoSuchThing:
        return NOT_FOUND.response(request.scope)
    except NotWaived as error:
        return await register(request, said_of(error), 409)


async def _decided(request: Request, action: str, remark: str) -> Response:
    number, now = number_in(request), site_of(request.scope).clock()
    if action == "end":

        def in_force(c: Connection) -> Entry:
            return waiving.require(c, number, WaiverState.IN_FORCE, now)

        return await decide(request, Action.WAIVER_ENDED, in_force, waiving.end)

    def waits(c: Connection) -> Entry:
        entry = waiving.require(c, number, WaiverState.WAITING, now)
        waiving.require_other(entry, session_of(request).username)
        return entry

    if action == "approve":
        return await decide(request, Action.WAIVER_GRANTED, waits, waiving.approve)
    return await decide(
        request,
        Action.WAIVER_REFUSED,
        waits,
        lambda c, n, by, at: waiving.refuse(c, n, by, at, remark[: waiving.LONGEST_REASON]),
    )
