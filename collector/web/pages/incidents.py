"""Security events that people answer for: the open ones first."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission
from collector.incidents.kinds import title_of
from collector.store import incidents
from collector.store.incidents import Incident
from collector.translation import gettext as _
from collector.web.frame import Frame, frame_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/incidents"
METHODS = ("GET",)
PERMISSION = Permission.SEE_INCIDENTS


@dataclass(frozen=True, slots=True)
class Row:
    incident: Incident
    title: str


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    open: tuple[Row, ...]
    closed: tuple[Row, ...]


def page(request: Request) -> Response:
    found = site_of(request.scope).store.read(lambda c: incidents.list_all(c, open_only=False))
    rows = [Row(each, title_of(each.kind)) for each in found]
    context = Context(
        frame_of(request.scope, _("Incidents")),
        tuple(row for row in rows if row.incident.closed_at is None),
        tuple(row for row in rows if row.incident.closed_at is not None),
    )
    return render("incidents.html", context)
