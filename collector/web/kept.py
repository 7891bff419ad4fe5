"""A form that came when the second factor was no longer fresh loses nothing that was typed.

What may be given back is named by the page (`KEEPS`: field, and its label or "" for one that is
not shown): a secret is in none of those lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.translation import gettext as _
from collector.translation import said
from collector.web.frame import Frame, frame_of
from collector.web.rendering import render

LONGEST = 2_000
TICKED = "too"
"""The value of a box that was ticked."""
Keeps = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    name: str
    label: str
    value: str

    @property
    def is_tick(self) -> bool:
        return self.value == TICKED


@dataclass(frozen=True, slots=True)
class Context:
    """`fields` are sent again; those with a label are shown."""

    frame: Frame
    action: str
    confirm_href: str
    fields: tuple[Shown, ...]


async def asked_again(request: Request, keeps: Keeps) -> Response:
    """To the second factor and back; where something was typed, by a page that holds it."""
    href = f"/account/confirm?{urlencode({'next': request.url.path})}"
    fields = await _typed(request, keeps) if request.method == "POST" else ()
    if not any(each.label and each.value.strip() for each in fields):
        return RedirectResponse(href, 303)
    frame = frame_of(request.scope, _("Is it still you?"))
    context = Context(frame, request.url.path, href, fields)
    return render("kept.html", context, status_code=403)


async def _typed(request: Request, keeps: Keeps) -> tuple[Shown, ...]:
    form = await request.form()
    return tuple(
        Shown(name, said(keeps[name]) if keeps[name] else "", value[:LONGEST])
        for name, value in form.multi_items()
        if name in keeps and isinstance(value, str)
    )
