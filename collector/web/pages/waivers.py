"""The register of waivers: what waits, what is in force, what is about to end, what is over."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission, may
from collector.policy import RULES, title
from collector.store import Connection, devices, waivers
from collector.store.waivers import Entry, WaiverState, same_person
from collector.translation import Words, language, marked
from collector.translation import gettext as _
from collector.waiving import ABOUT_TO_END, STATE_WORDS
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/waivers"
METHODS = ("GET",)
PERMISSION = Permission.SEE_DEVICES
PAGE_SIZE = 50
NEWEST = 2**53
LISTS = Words(
    {
        "waiting": marked("Waiting"),
        "in_force": marked("In force"),
        "about_to_end": marked("About to end"),
        "over": marked("Over"),
    }
)


@dataclass(frozen=True, slots=True)
class Tab:
    href: str
    label: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Row:
    """`href` and `target`: the device, or the group. The last three: what the reader may do."""

    entry: Entry
    target: str
    href: str
    rule: str
    state: str
    may_decide: bool
    may_withdraw: bool
    may_end: bool


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    tabs: tuple[Tab, ...]
    shown: str
    rows: tuple[Row, ...]
    next_href: str
    may_ask: bool
    error: str


async def page(request: Request) -> Response:
    return await register(request)


async def register(request: Request, error: str = "", status_code: int = 200) -> Response:
    """The page, with what could not be done."""
    site = site_of(request.scope)
    context = await run_in_threadpool(site.store.read, lambda c: _context(c, request, error))
    return render("waivers.html", context, status_code=status_code)


def _context(c: Connection, request: Request, error: str) -> Context:
    frame, role = frame_of(request.scope, _("Waivers")), session_of(request).role
    asked = request.query_params.get("show", "")
    waiting = waivers.waiting(c, frame.now, 0, 1)
    shown = asked if asked in LISTS else "waiting" if waiting else "in_force"
    found = _listed(c, shown, frame.now, request.query_params.get("after", ""))
    page = found[:PAGE_SIZE]
    who = _decider(request)
    following = ""
    if len(found) > PAGE_SIZE:
        following = f"{PATH}?{urlencode({'show': shown, 'after': _mark(shown, page[-1])})}"
    return Context(
        frame,
        tuple(Tab(f"{PATH}?show={key}", LISTS[key], key == shown) for key in LISTS),
        shown,
        tuple(_row(c, each, frame.now, who) for each in page),
        following,
        may(role, Permission.REQUEST_WAIVER),
        error,
    )


def _listed(c: Connection, shown: str, now: datetime, after: str) -> list[Entry]:
    number, seconds = _marked(after)
    if shown == "waiting":
        return waivers.waiting(c, now, number, PAGE_SIZE + 1)
    if shown == "over":
        return waivers.over(c, now, number or NEWEST, PAGE_SIZE + 1)
    until = now + ABOUT_TO_END if shown == "about_to_end" else None
    mark = (datetime.fromtimestamp(seconds, UTC), number) if seconds else None
    return waivers.in_force(c, now, until, mark, PAGE_SIZE + 1)


def _mark(shown: str, last: Entry) -> str:
    by_end = shown in ("in_force", "about_to_end")
    return f"{last.number}.{int(last.asked.ends_at.timestamp()) if by_end else 0}"


def _marked(after: str) -> tuple[int, int]:
    """Where the page before ended; zeros for what no page says."""
    number, _dot, seconds = after.partition(".")
    numbers = [n for n in (number, seconds) if n.isascii() and n.isdecimal() and len(n) < 12]
    return (int(number), min(int(seconds), 2**36)) if len(numbers) == 2 else (0, 0)


@dataclass(frozen=True, slots=True)
class Decider:
    username: str
    approves: bool
    asks: bool


def _decider(request: Request) -> Decider:
    session = session_of(request)
    approves = may(session.role, Permission.APPROVE_WAIVER)
    return Decider(session.username, approves, may(session.role, Permission.REQUEST_WAIVER))


def _row(c: Connection, entry: Entry, now: datetime, who: Decider) -> Row:
    asked, state = entry.asked, entry.state(now)
    device = devices.get(c, asked.device_id) if asked.device_id else None
    waits, own = state is WaiverState.WAITING, same_person(asked.requested_by, who.username)
    return Row(
        entry,
        _("Group %(name)s", name=asked.group)
        if asked.group
        else (device.hostname if device else "") or _("(no name)"),
        f"/devices/{asked.device_id}" if device else "",
        rule_title(asked.rule_id),
        STATE_WORDS[state],
        may_decide=waits and who.approves and not own,
        may_withdraw=waits and who.asks and own,
        may_end=state is WaiverState.IN_FORCE and who.approves,
    )


def rule_title(rule_id: str) -> str:
    """In the reader's language; of a rule that is gone, its id."""
    return title(rule_id, language()) if rule_id in {rule.id for rule in RULES} else rule_id
