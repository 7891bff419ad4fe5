"""A person's tokens for the REST API: made here, shown once, ended here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import access_tokens
from collector.accounts.access_tokens import LONGEST_LABEL, Made, NotMade, Wish, roles_for
from collector.accounts.roles import Permission, Role
from collector.audit.entry import Action, Entry, Outcome
from collector.store import Connection, personal_tokens, sessions
from collector.translation import Text, marked, said_of
from collector.translation import gettext as _
from collector.web.errors import NOT_FOUND
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, session_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/account/tokens"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
FRESH = True
KEEPS = {"label": marked("What it is for"), "role": marked("Role"), "days": marked("Days it lasts")}
LASTS = (7, 30, 90, 365)
USUAL = 30


@dataclass(frozen=True, slots=True)
class Row:
    token_id: str
    label: str
    role: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    has_ended: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed."""

    label: str = ""
    role: str = ""
    days: int = USUAL


@dataclass(frozen=True, slots=True)
class Context:
    """`secret`: the token that was just made, this once."""

    frame: Frame
    secret: str
    error: str
    asked: Asked
    roles: tuple[str, ...]
    lasts: tuple[int, ...]
    longest: int
    tokens: tuple[Row, ...]


async def page(request: Request) -> Response:
    if request.method != "POST":
        return await _shown(request)
    form = await request.form()
    if "remove" in form:
        return await _remove(request, str(form["remove"]))
    return await _make(request)


async def _shown(
    request: Request, asked: Asked = Asked(), *, secret: str = "", error: str = ""
) -> Response:
    site, session = site_of(request.scope), session_of(request)
    kept = await run_in_threadpool(
        site.store.read, lambda c: personal_tokens.of_person(c, session.username)
    )
    frame = frame_of(request.scope, _("Your tokens"))
    rows = tuple(
        Row(
            each.token_id,
            each.label,
            each.role,
            each.created_at,
            each.expires_at,
            each.last_used_at,
            frame.now >= each.expires_at,
        )
        for each in kept
    )
    roles = tuple(role.value for role in roles_for(session.role))
    context = Context(frame, secret, error, asked, roles, LASTS, LONGEST_LABEL, rows)
    return render("tokens.html", context, status_code=400 if error else 200)


async def _make(request: Request) -> Response:
    site, session, form = site_of(request.scope), session_of(request), await request.form()
    label, role, days = (str(form.get(name, "")) for name in ("label", "role", "days"))
    asked = Asked(label.strip()[:LONGEST_LABEL], role)
    if role not in set(Role) or days not in {str(each) for each in LASTS}:
        return await _shown(request, asked, error=_("Choose a role and how long it lasts."))
    asked, now = Asked(asked.label, role, int(days)), site.clock()
    wish = Wish(asked.label, Role(role), now + timedelta(days=asked.days))
    subject = f"personal:{session.username}"
    detail = {"label": asked.label, "role": role, "ends": f"{wish.ends_at:%Y-%m-%d}"}
    await site.record(Entry(Action.TOKEN_CREATED, actor_of(request), Outcome.DONE, subject, detail))

    def make(c: Connection) -> Made:
        if sessions.get(c, session.token_hash, now) is None:
            raise NotMade(Text("your session has ended meanwhile"))
        return access_tokens.make(c, session.username, wish, now)

    try:
        made: Made = await site.store.submit(make)
    except NotMade as error:
        refused = Entry(Action.TOKEN_CREATED, actor_of(request), Outcome.FAILED, subject, detail)
        await site.record(refused)
        return await _shown(request, asked, error=said_of(error).capitalize())
    return await _shown(request, secret=made.secret)


async def _remove(request: Request, token_id: str) -> Response:
    """Only an own one: another's is not there."""
    site, username = site_of(request.scope), session_of(request).username
    kept = await run_in_threadpool(
        site.store.read, lambda c: personal_tokens.of_person(c, username)
    )
    if token_id not in {each.token_id for each in kept}:
        return NOT_FOUND.response(request.scope)
    subject = f"personal:{username}/{token_id}"
    await site.record(Entry(Action.TOKEN_REVOKED, actor_of(request), subject=subject))
    await site.store.submit(lambda c: personal_tokens.remove(c, username, token_id))
    return RedirectResponse(PATH, 303)
