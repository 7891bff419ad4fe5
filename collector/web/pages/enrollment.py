"""Enrollment strings: made here and shown once, as text, link and square; ended here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import segno
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector import continuing
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.continuing import Pair
from collector.handing_out import NotServing, enrollment_link, enrollment_string, serving
from collector.identity import tokens as making
from collector.identity.tokens import MOST_USES
from collector.store import Connection, events, tokens
from collector.translation import gettext as _
from collector.translation import marked
from collector.web.errors import NOT_FOUND
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/enrollment"
METHODS = ("GET", "POST")
PERMISSION = Permission.ENROLL
FRESH = True
KEEPS = {
    "label": marked("What it is for"),
    "days": marked("Days it lasts"),
    "uses": marked("How many devices it admits"),
}
LASTS = (1, 7, 30, 90)
LONGEST_LABEL = 100
MOST_DIGITS = 9
NEWEST = 100
MOST_PAIRS = 20
STATES = {
    "good": marked("in force"),
    "used up": marked("used up"),
    "expired": marked("expired"),
    "revoked": marked("revoked"),
}


@dataclass(frozen=True, slots=True)
class Row:
    token_id: str
    label: str
    state: str
    is_good: bool
    uses: int
    max_uses: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed."""

    label: str = ""
    days: str = "1"
    uses: str = "1"


@dataclass(frozen=True, slots=True)
class Made:
    """Shown this once. `is_near`: only the collector's own computer can reach that address."""

    string: str
    link: str
    square: str
    address: str
    max_uses: int
    expires_at: datetime
    is_near: bool


@dataclass(frozen=True, slots=True)
class Context:
    """`more`: there are older ones than are shown. `pairs`: perhaps one laptop each."""

    frame: Frame
    made: Made | None
    error: str
    asked: Asked
    lasts: tuple[int, ...]
    longest: int
    most_uses: int
    rows: tuple[Row, ...]
    more: bool
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said beside the list."""

    asked: Asked = Asked()
    made: Made | None = None
    error: str = ""
    status_code: int = 200


async def page(request: Request) -> Response:
    if request.method != "POST":
        return await _shown(request, Answer())
    form = await request.form()
    if "revoke" in form:
        return await _revoke(request, str(form["revoke"])[:LONGEST_LABEL])
    words = {name: str(form.get(name, "")) for name in ("label", "days", "uses")}
    asked = Asked(
        words["label"].strip(), words["days"][:MOST_DIGITS], words["uses"].strip()[:MOST_DIGITS]
    )
    error = _wrong(asked)
    if error:
        return await _shown(request, Answer(asked, error=error, status_code=400))
    return await _make(request, asked)


async def _shown(request: Request, answer: Answer) -> Response:
    site, frame = site_of(request.scope), frame_of(request.scope, _("Enrollment"))
    known = await run_in_threadpool(site.store.read, lambda c: tokens.newest(c, NEWEST + 1))
    pairs = await run_in_threadpool(
        site.store.read, lambda c: continuing.waiting(c, frame.now, MOST_PAIRS)
    )
    rows = tuple(
        Row(each.token_id, each.label, _(STATES[state]), state == "good", each.uses,
            each.max_uses, each.expires_at)
        for each in known[:NEWEST]
        for state in (each.state(frame.now),)
    )  # fmt: skip
    context = Context(
        frame,
        answer.made,
        answer.error,
        answer.asked,
        LASTS,
        LONGEST_LABEL,
        MOST_USES,
        rows,
        len(known) > NEWEST,
        tuple(pairs),
    )
    return render("enrollment.html", context, status_code=answer.status_code)


def _wrong(asked: Asked) -> str:
    """What to type instead; empty when it can be made."""
    if len(asked.label) > LONGEST_LABEL or not asked.label.isprintable():
        return _("What it is for: up to %(most)s printable characters.", most=LONGEST_LABEL)
    if asked.days not in {str(each) for each in LASTS}:
        return _("Choose how long it is good.")
    digits = asked.uses if asked.uses.isascii() and asked.uses.isdigit() else "0"
    if not 1 <= int(digits) <= MOST_USES:
        return _("How many devices it admits: a number from 1 to %(most)s.", most=MOST_USES)
    return ""


async def _make(request: Request, asked: Asked) -> Response:
    site, now = site_of(request.scope), site_of(request.scope).clock()
    try:
        called = await run_in_threadpool(serving, site.store.path.parent)
    except NotServing:
        words = _("The collector's addresses are not known. Start it again, then make the string.")
        return await _shown(request, Answer(asked, error=words, status_code=409))
    life, uses = timedelta(days=int(asked.days)), int(asked.uses)
    told = {"label": asked.label, "uses": str(uses), "life": str(life)}

    def make(c: Connection) -> making.NewToken:
        return making.create(c, now, asked.label, life=life, max_uses=uses)

    async with noted_on(request, Action.TOKEN_CREATED, "enrollment", **told):
        new = await site.store.submit(make)
    return await _shown(request, Answer(made=_made(new, called)))


def _made(new: making.NewToken, called: dict[str, str]) -> Made:
    string = enrollment_string(new.secret, called)
    link = enrollment_link(string)
    square = segno.make(link, error="l").svg_inline(
        scale=4, border=2, dark="#000000", light="#ffffff", omitsize=True
    )
    is_near = called["enroll"].startswith(("127.", "localhost:", "[::1]:"))
    return Made(string, link, square, called["enroll"], new.max_uses, new.expires_at, is_near)


async def _revoke(request: Request, token_id: str) -> Response:
    """What was ended meanwhile is said to be, and is not ended again."""
    site, now, by = site_of(request.scope), site_of(request.scope).clock(), session_of(request)
    known = await run_in_threadpool(site.store.read, lambda c: tokens.get(c, token_id))
    if known is None:
        return NOT_FOUND.response(request.scope)

    def end(c: Connection) -> bool:
        if not tokens.revoke(c, token_id, now):
            return False
        events.add(c, now, "token revoked", "", f"token {token_id} by {by.username}")
        return True

    ended = known.revoked_at is None
    if ended:
        async with noted_on(request, Action.TOKEN_REVOKED, f"enrollment:{token_id}"):
            ended = await site.store.submit(end)
    if not ended:
        words = _("Somebody revoked this string meanwhile. It admits nobody any more.")
        return await _shown(request, Answer(error=words, status_code=409))
    return RedirectResponse(PATH, 303)
