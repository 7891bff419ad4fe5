"""The audit log of a week, newest first, narrowed to what is looked for."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission
from collector.audit import weeks
from collector.audit.reading import Question, Shown, of_week
from collector.translation import gettext as _
from collector.web.frame import Frame, frame_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/audit"
METHODS = ("GET",)
PERMISSION = Permission.SEE_AUDIT
PAGE_SIZE = 50
LONGEST = 64


@dataclass(frozen=True, slots=True)
class Row:
    at: datetime
    who: str
    address: str
    action: str
    outcome: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    weeks: tuple[str, ...]
    question: Question
    rows: tuple[Row, ...]
    first_href: str
    next_href: str


def page(request: Request) -> Response:
    site = site_of(request.scope)
    folder = site.keeping.journal.folder
    listed = weeks.weeks(folder, site.clock())
    asked = _question(request.query_params, listed)
    found, more = of_week(folder, asked, PAGE_SIZE)
    context = Context(
        frame_of(request.scope, _("Audit log")),
        tuple(listed),
        asked,
        tuple(_row(each) for each in found),
        _href(asked, 0) if asked.before else "",
        _href(asked, int(found[-1].fields["n"])) if more else "",
    )
    return render("audit.html", context)


def _question(params: QueryParams, listed: list[str]) -> Question:
    """A value that means nothing is as if it were not there."""
    week, before = params.get("week", ""), params.get("before", "")
    return Question(
        week=week if week in listed else listed[0],
        action=_plain(params.get("action", "")),
        actor=_plain(params.get("actor", "")),
        not_done=params.get("not_done", "") == "1",
        before=int(before) if before.isascii() and before.isdecimal() and len(before) < 16 else 0,
    )


def _plain(text: str) -> str:
    return "".join(letter for letter in text[:LONGEST] if letter.isprintable()).strip()


def _href(question: Question, before: int) -> str:
    values = {
        "week": question.week,
        "action": question.action,
        "actor": question.actor,
        "not_done": "1" if question.not_done else "",
        "before": str(before or ""),
    }
    return f"{PATH}?{urlencode({name: value for name, value in values.items() if value})}"


def _row(shown: Shown) -> Row:
    detail = shown.fields.get("detail")
    said = detail.items() if isinstance(detail, dict) else ()
    return Row(
        datetime.fromisoformat(shown.at),
        shown.name or shown.actor,
        str(shown.fields.get("from", "")),
        shown.action,
        shown.outcome,
        shown.subject,
        "; ".join(f"{key}: {value}" for key, value in said),
    )
