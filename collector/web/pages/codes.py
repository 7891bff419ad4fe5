"""Ten new recovery codes, shown once; the old ones open nothing any more."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import second_factor
from collector.accounts.recovery import HOW_MANY
from collector.accounts.roles import Permission
from collector.audit.entry import Action, Entry, Outcome
from collector.translation import gettext as _
from collector.translation import marked
from collector.web.connecting import CodesContext
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, session_of
from collector.web.noting import noted
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/account/codes"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
FRESH = True
KEEPS: dict[str, str] = {}
MADE = marked("The earlier codes open nothing any more.")


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    how_many: int


async def page(request: Request) -> Response:
    if request.method == "GET":
        context = Context(frame_of(request.scope, _("New recovery codes")), HOW_MANY)
        return render("new_codes.html", context)
    site, session = site_of(request.scope), session_of(request)
    now = site.clock()
    async with noted(
        request, Action.FACTOR_CHANGED, session.username, ends="others", to="new recovery codes"
    ):
        codes = await site.store.submit(lambda c: second_factor.replace_codes(c, session, now))
    if not codes:
        subject, detail = f"account:{session.username}", {"why": "the session ended meanwhile"}
        await site.record(
            Entry(Action.FACTOR_CHANGED, actor_of(request), Outcome.FAILED, subject, detail)
        )
        return RedirectResponse("/login", 303)
    frame = frame_of(request.scope, _("Recovery codes"))
    return render("codes.html", CodesContext(frame, MADE, codes, "/account"))
