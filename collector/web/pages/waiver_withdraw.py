"""Takes back a request for a waiver: only by whoever made it."""

from starlette.requests import Request
from starlette.responses import Response

from collector import waiving
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.store import Connection
from collector.store.waivers import Entry, WaiverState
from collector.translation import gettext as _
from collector.translation import said_of
from collector.waiving import NoSuchThing, NotWaived
from collector.web.errors import NOT_FOUND
from collector.web.guard import session_of
from collector.web.pages.waivers import register
from collector.web.site import site_of
from collector.web.waivers import decide, number_in

PATH = "/waivers/{waiver}/withdraw"
METHODS = ("POST",)
PERMISSION = Permission.REQUEST_WAIVER


async def page(request: Request) -> Response:
    number, now = number_in(request), site_of(request.scope).clock()

    def own(c: Connection) -> Entry:
        entry = waiving.require(c, number, WaiverState.WAITING, now)
        if waiving.may_approve(entry, session_of(request).username):
            raise NotWaived("", _("only whoever asked for it may take it back"))
        return entry

    try:
        return await decide(request, Action.WAIVER_REFUSED, own, waiving.refuse)
    except NoSuchThing:
        return NOT_FOUND.response(request.scope)
    except NotWaived as error:
        return await register(request, said_of(error), 409)
