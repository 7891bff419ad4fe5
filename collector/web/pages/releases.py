"""Releases of the agent: how far each was let go, and how the devices that took it fare."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission, may
from collector.releasing import RINGS
from collector.store import Connection, releases
from collector.store.releases import Release, ReleaseState, Update
from collector.translation import gettext as _
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/releases"
METHODS = ("GET",)
PERMISSION = Permission.SEE_INCIDENTS
MOST_SHOWN = 20
MOST_FAILING = 10


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed and cannot be taken like that."""

    version: str = ""
    of: str = ""
    reason: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """`wider`: the next ring, 0 for none. `failing`: the devices that fell back last."""

    release: Release
    wider: int
    failing: tuple[Update, ...]


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    rows: tuple[Row, ...]
    may_change: bool
    typed: Typed


async def page(request: Request) -> Response:
    return await shown(request, Typed())


async def shown(request: Request, typed: Typed, status_code: int = 200) -> Response:
    context = Context(
        frame_of(request.scope, _("Releases of the agent")),
        await run_in_threadpool(site_of(request.scope).store.read, _rows),
        may(session_of(request).role, Permission.CHANGE_SETTINGS),
        typed,
    )
    return render("releases.html", context, status_code=status_code)


def _rows(c: Connection) -> tuple[Row, ...]:
    return tuple(_row(c, each) for each in releases.newest(c, MOST_SHOWN))


def _row(c: Connection, found: Release) -> Row:
    is_open = found.state is ReleaseState.OPEN
    wider = next((ring for ring in RINGS if is_open and ring > found.percent), 0)
    failing = releases.failing(c, found.version, MOST_FAILING) if found.failing else ()
    return Row(found, wider, tuple(failing))
