"""When a page cannot be shown, a person reads what to do next, and nothing of our insides."""

import logging
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from collector.translation import marked, said
from collector.web.api import problems
from collector.web.api.problems import Problem
from collector.web.frame import Frame, frame_of, nowhere
from collector.web.headers import HEADERS
from collector.web.rendering import render

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Context:
    frame: Frame
    status: int
    what_to_do: str


@dataclass(frozen=True, slots=True)
class ErrorPage:
    status: int
    title: str
    what_to_do: str

    def response(self, scope: Scope) -> Response:
        frame = nowhere(frame_of(scope, said(self.title)))
        context = Context(frame, self.status, said(self.what_to_do))
        return render("error.html", context, status_code=self.status, headers=HEADERS)


NOT_FOUND = ErrorPage(
    404,
    marked("Not found"),
    marked("There is no such page or device here. It may have been retired: look for it by name."),
)
WRONG_METHOD = ErrorPage(
    405, marked("Not possible here"), marked("Go back to the devices and try from there.")
)
FORGED = ErrorPage(
    403,
    marked("The form was not accepted"),
    marked(
        "It did not come from this site, or the page was open too long. Reload it and try again."
    ),
)
TOO_LARGE = ErrorPage(
    413, marked("Too much was sent"), marked("A form here is never larger than 64 KiB.")
)
BAD_REQUEST = ErrorPage(
    400, marked("Not understood"), marked("Go back to the devices and try from there.")
)
BROKEN = ErrorPage(
    500,
    marked("Something went wrong on the collector"),
    marked("Try again in a minute. If it stays, look at the collector's log for this time."),
)
UNWRITTEN = ErrorPage(
    503,
    marked("This cannot be written down, so it is not done"),
    marked(
        "The collector's audit log cannot be written at the moment. Nothing was changed. Tell IT, "
        "and try again later."
    ),
)
BY_STATUS = {page.status: page for page in (NOT_FOUND, WRONG_METHOD, FORGED, TOO_LARGE)}


def on_http_error(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (no route, wrong method), in our words."""
    status = error.status_code if isinstance(error, HTTPException) else 400
    return BY_STATUS.get(status, BAD_REQUEST).response(request.scope)


def on_audit_unavailable(request: Request, error: Exception) -> Response:
    """What leaves no trace does not happen; check-ins go on meanwhile."""
    log.error("The audit log cannot be written: %s", error)
    return UNWRITTEN.response(request.scope)


def on_defect(request: Request, error: Exception) -> Response:
    """Anything else: to the log with its trace, to the person without."""
    # Without the address: somebody may have opened a link there that lets people in.
    log.error("A page failed", exc_info=error)
    if request.url.path.startswith("/api/"):
        return Problem(*problems.BROKEN).response()
    return BROKEN.response(request.scope)
