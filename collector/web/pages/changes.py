"""Which devices began to fail a rule on a day, or were fixed: what the overview counts."""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission
from collector.judged import rules_by_id
from collector.policy import title
from collector.store import Connection, turns
from collector.store.turns import TurnFilter
from collector.translation import gettext, language
from collector.web.frame import Frame, frame_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/changes"
METHODS = ("GET",)
PERMISSION = Permission.SEE_DEVICES
PAGE_SIZE = 100
FIRST_YEAR, LAST_YEAR = 1971, 9000
LATEST = 253_402_300_799_000
"""The last millisecond of the year 9999: a time beyond it is none."""


@dataclass(frozen=True, slots=True)
class Row:
    href: str
    hostname: str
    rule: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    kind: str
    day: date
    rows: tuple[Row, ...]
    other_href: str
    next_href: str
    kept_days: int


def page(request: Request) -> Response:
    site, frame = site_of(request.scope), frame_of(request.scope, gettext("Changes"))
    wanted = _wanted(request.query_params, frame.now.date())
    context = site.store.read(lambda c: _context(c, frame, wanted))
    return render("changes.html", context)


def _context(c: Connection, frame: Frame, wanted: TurnFilter) -> Context:
    rules = rules_by_id()
    found = turns.find(c, wanted)
    shown = found[: wanted.limit]
    last = shown[-1] if len(found) > wanted.limit else None
    rows = tuple(
        Row(
            f"/devices/{each.device_id}",
            each.hostname or gettext("(no name)"),
            title(each.rule_id, language()) if each.rule_id in rules else each.rule_id,
            each.at,
        )
        for each in shown
    )
    other = "fixed" if wanted.kind == "failing" else "failing"
    return Context(
        frame,
        wanted.kind,
        wanted.day,
        rows,
        _href(other, wanted),
        _href(wanted.kind, wanted, turns.after(last)) if last else "",
        turns.KEPT_DAYS,
    )


def _href(kind: str, wanted: TurnFilter, after: tuple[int, str, str] | None = None) -> str:
    given = {"what": kind, "day": wanted.day.isoformat(), "rule": wanted.rule_id}
    if after is not None:
        given |= {"at": str(after[0]), "of": after[1], "id": after[2]}
    return f"{PATH}?" + urlencode({name: value for name, value in given.items() if value})


def _wanted(params: QueryParams, today: date) -> TurnFilter:
    """A value that means nothing is as if it were not there."""
    try:
        day = date.fromisoformat(params.get("day", ""))
        day = day if FIRST_YEAR <= day.year <= LAST_YEAR else today
    except ValueError:
        day = today
    at = params.get("at", "")
    known = at.isascii() and at.isdigit() and len(at) < 16 and int(at) <= LATEST
    after = (int(at), params.get("of", "")[:64], params.get("id", "")[:64]) if known else None
    kind = "fixed" if params.get("what") == "fixed" else "failing"
    return TurnFilter(kind, day, params.get("rule", "")[:64], after, PAGE_SIZE)
