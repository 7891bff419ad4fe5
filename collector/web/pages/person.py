"""One person: what is kept of them, and the devices that are theirs."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission, may
from collector.store import Connection, persons
from collector.store.persons import Person
from collector.translation import gettext as _
from collector.web.errors import NOT_FOUND
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.pages.people import href_of
from collector.web.rendering import render
from collector.web.site import site_of
from collector.web.states import Shown, shown_states

PATH = "/people/person/{email}"
METHODS = ("GET",)
PERMISSION = Permission.SEE_PEOPLE
LONGEST = 254


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    person: Person
    has_left: bool
    devices: tuple[Shown, ...]
    may_forget: bool
    forget_href: str
    typed: str
    error: str


async def page(request: Request) -> Response:
    return await shown(request)


async def shown(
    request: Request, typed: str = "", error: str = "", status_code: int = 200
) -> Response:
    """The page, with what was typed where it could not be done."""
    site, email = site_of(request.scope), email_in(request)
    may_forget = may(session_of(request).role, Permission.MANAGE_PEOPLE)
    frame = frame_of(request.scope, _("Person"))

    def context(c: Connection) -> Context | None:
        person = persons.get(c, email)
        if person is None:
            return None
        mine = shown_states(c, site, persons.devices_of(c, email), frame.now)
        left = person.left_at is not None and person.left_at <= frame.now
        forget = f"{href_of(person.email)}/forget"
        return Context(frame, person, left, mine, may_forget, forget, typed, error)

    found = await run_in_threadpool(site.store.read, context)
    if found is None:
        return NOT_FOUND.response(request.scope)
    return render("person.html", found, status_code=status_code)


def email_in(request: Request) -> str:
    return str(request.path_params["email"])[:LONGEST]
