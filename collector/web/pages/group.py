"""One group: what it is for, whom to ask, its devices and the waivers that it was granted."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector import grouping
from collector.accounts.roles import Permission, may
from collector.policy import title
from collector.store import Connection, devices, groups, waivers
from collector.store.groups import Group
from collector.store.waivers import Entry, WaiverState
from collector.translation import gettext as _
from collector.translation import language
from collector.web.errors import NOT_FOUND
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.pages.groups import devices_of, href_of
from collector.web.rendering import render
from collector.web.site import Site, site_of
from collector.web.states import Shown, shown_states

PATH = "/groups/group/{group}"
METHODS = ("GET",)
PERMISSION = Permission.SEE_DEVICES
LONGEST = 100
FIRST = 20
MOST_WAIVERS = 50


@dataclass(frozen=True, slots=True)
class Excused:
    """A waiver of the group that is in force."""

    rule: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Viewer:
    """What somebody may; `description` and `contact` are what they typed, None: nothing yet."""

    sees_people: bool
    may_change: bool
    may_remove: bool
    may_ask: bool
    description: str | None = None
    contact: str | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """`members` are the first ones; the list of devices has all."""

    frame: Frame
    group: Group
    version: str
    href: str
    devices_href: str
    members: tuple[Shown, ...]
    waivers: tuple[Excused, ...]
    viewer: Viewer
    description: str
    contact: str


async def page(request: Request) -> Response:
    return await shown(request)


async def shown(
    request: Request,
    typed: tuple[str | None, str | None] = (None, None),
    error: str = "",
    status_code: int = 200,
) -> Response:
    """The page, with what was typed where it could not be done."""
    site, name = site_of(request.scope), name_in(request)
    frame, role = frame_of(request.scope, _("Group")), session_of(request).role
    viewer = Viewer(
        sees_people=may(role, Permission.SEE_PEOPLE),
        may_change=may(role, Permission.CHANGE_DEVICES),
        may_remove=may(role, Permission.MANAGE_PEOPLE),
        may_ask=may(role, Permission.REQUEST_WAIVER),
        description=typed[0],
        contact=typed[1],
        error=error,
    )
    found = await run_in_threadpool(
        site.store.read, lambda c: _context(c, site, frame, name, viewer)
    )
    if found is None:
        return NOT_FOUND.response(request.scope)
    return render("group.html", found, status_code=status_code)


def name_in(request: Request) -> str:
    return str(request.path_params["group"])[:LONGEST]


def _context(c: Connection, site: Site, frame: Frame, name: str, viewer: Viewer) -> Context | None:
    group = groups.get(c, name)
    if group is None:
        return None
    known = (devices.get(c, each) for each in groups.members(c, name, limit=FIRST))
    members = shown_states(c, site, (each for each in known if each is not None), frame.now)
    granted = waivers.of_target(c, "", name, MOST_WAIVERS)
    held = (each for each in granted if each.state(frame.now) is WaiverState.IN_FORCE)
    contact = group.contact if viewer.sees_people else ""
    return Context(
        frame=frame,
        group=group,
        version=grouping.version(group),
        href=href_of(name),
        devices_href=devices_of(name),
        members=members,
        waivers=tuple(Excused(title(each.asked.rule_id, language()), each) for each in held),
        viewer=viewer,
        description=group.description if viewer.description is None else viewer.description,
        contact=contact if viewer.contact is None else viewer.contact,
    )
