"""What the pages of the single sign-on share: the cookie of a login under way, and its refusals.

The cookie of the session is SameSite=Strict, so it is not sent when the provider sends the person
back. The one of the journey is Lax for that reason; it opens nothing by itself.
"""

from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from collector.accounts.sso.journeys import LASTS, LONGEST_COOKIE
from collector.accounts.sso.refusals import Reason, Refused
from collector.translation import marked
from collector.web import cookie
from collector.web.errors import ErrorPage
from collector.web.frame import Frame
from collector.web.headers import HEADERS
from collector.web.rendering import render

STATUSES = {
    Reason.UNREACHABLE: 503,
    Reason.BUSY: 503,
    Reason.PROVIDER: 502,
    Reason.TOKEN: 502,
    Reason.MIXED_UP: 502,
    Reason.CANCELLED: 400,
    Reason.STATE: 400,
    Reason.OLD: 400,
    Reason.AGAIN: 400,
    Reason.CODE: 400,
}
"""Of the answer to a person; whatever is not here is 403."""


@dataclass(frozen=True, slots=True)
class Onward:
    """A page that leads on by itself. `place` is what the person reads."""

    frame: Frame
    href: str
    place: str


def put_journey(scope: Scope, response: Response, kept: str) -> None:
    response.set_cookie(
        _name(scope),
        kept,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def journey_in(scope: Scope) -> str:
    kept = HTTPConnection(scope).cookies.get(_name(scope), "")
    return kept if len(kept) <= LONGEST_COOKIE and kept.isascii() else ""


def end_journey(scope: Scope, response: Response) -> None:
    response.delete_cookie(_name(scope), path="/", secure=True, httponly=True, samesite="lax")


def refused_page(scope: Scope, refused: Refused) -> Response:
    status = STATUSES.get(refused.reason, 403)
    return ErrorPage(status, marked("You are not logged in"), refused.words).response(scope)


def onward(frame: Frame, href: str, place: str) -> Response:
    """Lead on from a page of ours: after a redirect from elsewhere, browsers hold back the cookie
    of the session, and a form may lead nowhere but here (form-action)."""
    headers = {**HEADERS, "Refresh": f"0; url={href}"}
    return render("onward.html", Onward(frame, href, place), headers=headers)


def _name(scope: Scope) -> str:
    return f"{cookie.name_in(scope)}-sso"
