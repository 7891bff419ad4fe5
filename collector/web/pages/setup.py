"""Behind a one-time link: the person chooses a password, and goes on to the second factor."""

from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import invitations, sessions
from collector.accounts.password_rules import SHORTEST, NotGoodEnough, require_good
from collector.audit.entry import Action, Actor, ActorKind, Entry, Outcome
from collector.store import Connection
from collector.translation import gettext as _
from collector.translation import marked, said_of
from collector.web import cookie
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of
from collector.web.rendering import render
from collector.web.site import Busy, site_of

PATH = "/setup/{token}"
METHODS = ("GET", "POST")
PERMISSION = None
BUSY = marked("Many passwords are being checked at the moment. Try again in a few seconds.")
DIFFER = marked("The two passwords are not the same. Type both again.")


@dataclass(frozen=True, slots=True)
class Context:
    """`username` is empty when the link cannot be used (any more)."""

    frame: Frame
    username: str
    shortest: int
    error: str


async def page(request: Request) -> Response:
    site, token = site_of(request.scope), str(request.path_params["token"])
    now = site.clock()
    username = await run_in_threadpool(
        site.store.read, lambda c: invitations.invited(c, token, now)
    )
    if username is None:
        return _form(request, "", status_code=404)
    if request.method == "POST":
        return await _choose(request, token, username)
    return _form(request, username)


def _form(request: Request, username: str, error: str = "", status_code: int = 200) -> Response:
    token = cookie.token_in(request.scope)
    fresh = token or sessions.new_token()
    title = _("Choose your password") if username else _("This link cannot be used")
    frame = frame_of(request.scope, title, fresh)
    context = Context(frame, username, SHORTEST, error)
    response = render("setup.html", context, status_code=status_code)
    if not token:
        cookie.put(request.scope, response, fresh)
    return response


async def _choose(request: Request, token: str, username: str) -> Response:
    site, form = site_of(request.scope), await request.form()
    password = str(form.get("password", ""))
    if password != str(form.get("again", "")):
        return _form(request, username, DIFFER, 400)
    try:
        await run_in_threadpool(require_good, password, username, site.words)
        password_hash = await site.desk.hash(password)
    except NotGoodEnough as error:
        return _form(request, username, said_of(error), 400)
    except Busy:
        return _form(request, username, BUSY, 503)
    address, now = actor_of(request).address, site.clock()
    who = Actor(ActorKind.ACCOUNT, username, address)
    subject, detail = f"account:{username}", {"by": "setup link"}
    entry = Entry(Action.PASSWORD_CHANGED, who, subject=subject, detail=detail)
    await site.record(entry)
    visitor = sessions.Visitor(address, request.headers.get("user-agent", ""))

    def accept(c: Connection) -> str | None:
        account = invitations.accept(c, token, password_hash, now)
        return sessions.begin(c, account, now, visitor) if account else None

    session_token = await site.store.submit(accept)
    if session_token is None:  # somebody else used the link meanwhile
        await site.record(replace(entry, outcome=Outcome.FAILED))
        return _form(request, "", status_code=404)
    response = RedirectResponse("/login/factor", 303)
    cookie.put(request.scope, response, session_token)
    return response
