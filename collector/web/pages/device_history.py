"""What happened to a device, as far back as is kept, page by page."""

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission, may
from collector.store import Connection, devices, timeline
from collector.translation import gettext as _
from collector.web.caring import SOON, Line, line, moment_of, written
from collector.web.errors import NOT_FOUND
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.pages.device import LONGEST_ID
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/devices/{device_id}/history"
METHODS = ("GET",)
PERMISSION = Permission.SEE_DEVICES
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    hostname: str
    href: str
    lines: tuple[Line, ...]
    next_href: str


def page(request: Request) -> Response:
    named = str(request.path_params["device_id"])[:LONGEST_ID]
    frame = frame_of(request.scope, _("History"))
    before = moment_of(request.query_params.get("before", ""), frame.now + SOON)
    sees = may(session_of(request).role, Permission.SEE_PEOPLE)

    def context(c: Connection) -> Context | None:
        device = devices.get(c, named)
        if device is None:
            return None
        found, here = timeline.page(c, named, before, PAGE_SIZE), f"/devices/{named}"
        following = ""
        if found.next_before:
            following = f"{here}/history?before={written(found.next_before)}"
        lines = tuple(line(each, sees_people=sees) for each in found.moments)
        hostname = device.hostname or _("(no name)")
        titled = replace(frame, title=_("History of %(name)s", name=hostname))
        return Context(titled, hostname, here, lines, following)

    found = site_of(request.scope).store.read(context)
    if found is None:
        return NOT_FOUND.response(request.scope)
    return render("device_history.html", found)
