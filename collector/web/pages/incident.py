"""One incident: what happened, what to do first, what was found out, and how it ended."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission, may
from collector.incidents.kinds import first_step_of, title_of
from collector.store import Connection, incidents
from collector.store.incidents import Incident, Note
from collector.translation import gettext as _
from collector.web import errors
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/incidents/{number}"
METHODS = ("GET",)
PERMISSION = Permission.SEE_INCIDENTS


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed and cannot be taken like that, to be shown again."""

    note: str = ""
    cause: str = ""
    consequence: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    incident: Incident
    title: str
    first_step: str
    notes: tuple[Note, ...]
    may_change: bool
    typed: Typed


async def page(request: Request) -> Response:
    return await shown(request, Typed())


async def shown(request: Request, typed: Typed, status_code: int = 200) -> Response:
    """The page of the incident that the address names."""
    number = number_in(request)

    def find(c: Connection) -> tuple[Incident | None, list[Note]]:
        return incidents.get(c, number), incidents.notes(c, number)

    found, notes = await run_in_threadpool(site_of(request.scope).store.read, find)
    if found is None:
        return errors.NOT_FOUND.response(request.scope)
    context = Context(
        frame_of(request.scope, _("Incident %(number)s", number=number)),
        found,
        title_of(found.kind),
        first_step_of(found.kind),
        tuple(notes),
        may(session_of(request).role, Permission.HANDLE_INCIDENTS),
        typed,
    )
    return render("incident.html", context, status_code=status_code)


def number_in(request: Request) -> int:
    """0, which none has, when the address holds no number."""
    text = str(request.path_params["number"])
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
