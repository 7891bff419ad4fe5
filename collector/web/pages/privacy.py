"""What leaves a device, field by field: why, on what ground, how long it is kept, who sees it."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission
from collector.translation import gettext as _
from collector.translation import language
from collector.web.frame import Frame, frame_of
from collector.web.rendering import render
from protos.privacy import document
from protos.privacy.document import Section

PATH = "/privacy"
METHODS = ("GET",)
PERMISSION = Permission.OWN_ACCOUNT


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    introduction: tuple[str, ...]
    sections: tuple[Section, ...]


def page(request: Request) -> Response:
    read = language().value
    context = Context(
        frame=frame_of(request.scope, _("Privacy")),
        introduction=tuple(document.introduction(read)),
        sections=tuple(document.sections(read)),
    )
    return render("privacy.html", context)
