"""Groups of devices: what each is for, and how many are in it; a new one is made here."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission, may
from collector.store import groups
from collector.store.groups import Group
from collector.translation import gettext as _
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/groups"
METHODS = ("GET",)
PERMISSION = Permission.SEE_DEVICES
PAGE_SIZE = 50
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Row:
    href: str
    devices_href: str
    group: Group


@dataclass(frozen=True, slots=True)
class Typed:
    name: str = ""
    description: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    rows: tuple[Row, ...]
    is_first: bool
    next_href: str
    may_make: bool
    typed: Typed
    error: str


async def page(request: Request) -> Response:
    return await shown(request)


async def shown(
    request: Request, typed: Typed | None = None, error: str = "", status_code: int = 200
) -> Response:
    """The page, with what was typed where it could not be done."""
    asked = request.query_params.get("after", "")[:LONGEST]
    after = "".join(each for each in asked if each.isprintable())
    found = await run_in_threadpool(
        site_of(request.scope).store.read, lambda c: groups.find(c, after=after, limit=PAGE_SIZE)
    )
    following = f"/groups?{urlencode({'after': found.next_after})}" if found.next_after else ""
    context = Context(
        frame=frame_of(request.scope, _("Groups")),
        rows=tuple(Row(href_of(g.name), devices_of(g.name), g) for g in found.groups),
        is_first=not after,
        next_href=following,
        may_make=may(session_of(request).role, Permission.MANAGE_PEOPLE),
        typed=typed or Typed(),
        error=error,
    )
    return render("groups.html", context, status_code=status_code)


def href_of(name: str) -> str:
    return f"/groups/group/{quote(name, safe='')}"


def devices_of(name: str) -> str:
    return f"/devices?{urlencode({'group': name})}"
