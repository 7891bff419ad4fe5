"""The packs: when the next is sealed, for whom, and those that are there; and asks for one now."""

from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector import wording
from collector.accounts.roles import ROLES, Permission
from collector.audit.entry import Action
from collector.clock_watch import ahead
from collector.export.safe import moment
from collector.export_settings import ExportSettings, Target
from collector.store import Connection, deliveries, exports, groups
from collector.store.exports import Run
from collector.translation import gettext as _
from collector.web import packs
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.packs import NotAsked, Wish
from collector.web.rendering import render
from collector.web.site import Site, site_of

PATH = "/exports"
METHODS = ("GET", "POST")
PERMISSION = Permission.EXPORT
ON_A_PAGE = 50
MOST_GROUPS = 200
LONGEST = 100
NOTHING = NotAsked("", "")


@dataclass(frozen=True, slots=True)
class Row:
    run: Run
    title: str
    phase: str
    size: str
    delivered: str


@dataclass(frozen=True, slots=True)
class ClockAhead:
    """By how much, and for how long packs wait at most."""

    by: str
    left: str


@dataclass(frozen=True, slots=True)
class Context:
    """`before`: where the next page begins; 0 on the last one. `field`: what `error` is about."""

    frame: Frame
    rows: tuple[Row, ...]
    before: int
    next_at: datetime
    clock_ahead: ClockAhead | None
    schedule: str
    settings: ExportSettings
    targets: tuple[Target, ...]
    groups: tuple[str, ...]
    typed: Wish
    always_hidden: bool
    last_day: str
    field: str
    error: str


async def page(request: Request) -> Response:
    if request.method == "GET":
        return await _shown(request, Wish())
    form = await request.form()
    day, group = (str(form.get(name, ""))[:LONGEST].strip() for name in ("day", "group"))
    wish = Wish(day, group, form.get("pseudonyms") == "yes")
    try:
        return await _ask(request, wish)
    except NotAsked as error:
        return await _shown(request, wish, error)


async def _ask(request: Request, wish: Wish) -> Response:
    site, session = site_of(request.scope), session_of(request)
    holds, now, settings = ROLES[session.role], site.clock(), site.keeping.exports
    variant, at = await run_in_threadpool(
        site.store.read, lambda c: packs.wanted(c, wish, settings, holds, now)
    )
    told = {"scope": variant, "as_of": moment(at)}
    async with noted_on(request, Action.EXPORTED, "posture", **told):
        number, _new = await site.store.submit(
            lambda c: exports.ask(c, variant, at, session.username, now)
        )
    return RedirectResponse(f"/exports/{number}", 303)


async def _shown(request: Request, typed: Wish, error: NotAsked = NOTHING) -> Response:
    site, session = site_of(request.scope), session_of(request)
    settings, frame = site.keeping.exports, frame_of(request.scope, _("Exports"))
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else None
    only = packs.only(ROLES[session.role])

    def look(c: Connection) -> tuple[list[Run], tuple[Row, ...], tuple[str, ...]]:
        runs = exports.newest(c, before=before, only=only, limit=ON_A_PAGE + 1)
        names = tuple(each.name for each in groups.find(c, limit=MOST_GROUPS).groups)
        return runs, tuple(row_of(c, run) for run in runs[:ON_A_PAGE]), names

    runs, rows, names = await run_in_threadpool(site.store.read, look)
    context = Context(
        frame,
        rows,
        runs[ON_A_PAGE - 1].number if len(runs) > ON_A_PAGE else 0,
        settings.weekly.next(frame.now),
        clock_ahead(site),
        schedule_words(settings),
        settings,
        tuple(each for each in settings.targets if _concerns(each, only)),
        names,
        typed,
        only != "",
        f"{frame.now:%Y-%m-%d}",
        error.field,
        str(error),
    )
    return render("exports.html", context, status_code=400 if context.error else 200)


def clock_ahead(site: Site) -> ClockAhead | None:
    """None: the clock is believed, and packs are sealed when their moment comes."""
    found = ahead(packs.folder(site))
    if found is None:
        return None
    return ClockAhead(wording.span(found.by), wording.span(found.left))


def row_of(c: Connection, run: Run) -> Row:
    held = deliveries.of_run(c, run.number)
    sent = sum(each.state == "sent" for each in held)
    words = _("%(sent)s of %(all)s", sent=sent, all=len(held)) if held else ""
    size = wording.size(run.size) if run.is_there else ""
    return Row(run, packs.title(run), _(packs.PHASES[run.phase]), size, words)


def schedule_words(settings: ExportSettings) -> str:
    weekly = settings.weekly
    days = (
        _("Mondays"),
        _("Tuesdays"),
        _("Wednesdays"),
        _("Thursdays"),
        _("Fridays"),
        _("Saturdays"),
        _("Sundays"),
    )
    return _(
        "%(day)s at %(time)s, %(zone)s",
        day=days[weekly.day],
        time=f"{weekly.at:%H:%M}",
        zone=weekly.zone.key,
    )


def _concerns(target: Target, only: str) -> bool:
    """Whether any of its packs may be seen by somebody whose variants end so."""
    return any(each.endswith(only) for each in target.packs)
