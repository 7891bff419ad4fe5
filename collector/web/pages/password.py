"""A person changes the own password; whoever knew the old one is out, wherever logged in."""

from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.password_rules import SHORTEST, NotGoodEnough, require_good
from collector.accounts.people import ChangedMeanwhile
from collector.accounts.roles import Permission
from collector.accounts.throttle import password_of
from collector.audit.entry import Action, Entry, Outcome
from collector.store import Connection, accounts, invitations, sessions
from collector.store.accounts import Account
from collector.translation import gettext as _
from collector.translation import marked, said_of
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, session_of
from collector.web.noting import noted
from collector.web.rendering import render
from collector.web.second_step import throttled
from collector.web.site import Busy, site_of
from collector.wording import ago, exact

PATH = "/account/password"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
WRONG = marked("The present password is not right.")
BUSY = marked("Many passwords are being checked at the moment. Try again in a few seconds.")
NONE = marked("This account has no password to change. Nothing was done.")
DIFFER = marked("The two new passwords are not the same. Type both again.")
MEANWHILE = marked("Your account was changed meanwhile, so nothing was done. Log in again.")
SAME = marked("This is the present password. Choose another one.")


@dataclass(frozen=True, slots=True)
class Context:
    """`due`: nothing else can be done before there is a new password. `there`: there is one."""

    frame: Frame
    due: bool
    there: bool
    shortest: int
    error: str


class Refused(Exception):
    """The new password is not taken; str() says why, `status` is the answer's."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


async def page(request: Request) -> Response:
    if request.method == "GET":
        return await _form(request)
    if session_of(request).password_at is None:
        return await _form(request, NONE, 409)
    free_at = _throttled(request)
    if free_at is not None:
        now = site_of(request.scope).clock()
        words = _(
            "Too many wrong passwords. Try again %(soon)s (at %(at)s).",
            soon=ago(free_at, now),
            at=exact(free_at),
        )
        return throttled(await _form(request, words, 429), free_at, request)
    try:
        await _change(request)
    except Refused as error:
        return await _form(request, said_of(error), error.status)
    except Busy:
        return await _form(request, BUSY, 503)
    return RedirectResponse("/account?done=password", 303)


async def _form(request: Request, error: str = "", status_code: int = 200) -> Response:
    site, session = site_of(request.scope), session_of(request)
    policy = await run_in_threadpool(site.store.read, site.policy.current)
    due = session.password_is_due(site.clock(), policy.password_days)
    frame = frame_of(request.scope, _("Change your password"))
    context = Context(frame, due, session.password_at is not None, SHORTEST, error)
    return render("password.html", context, status_code=status_code)


def _throttled(request: Request) -> datetime | None:
    site, address = site_of(request.scope), actor_of(request).address
    counted = password_of(session_of(request).username)
    return site.throttle.try_now(counted, address, is_account=True)


async def _change(request: Request) -> None:
    """Raises Refused and Busy."""
    site, session = site_of(request.scope), session_of(request)
    typed = await request.form()
    old, new = str(typed.get("old", "")), str(typed.get("password", ""))
    account = await _verified(request, old)
    site.throttle.succeeded(password_of(session.username), actor_of(request).address)
    if new != str(typed.get("again", "")):
        raise Refused(DIFFER)
    if new == old:
        raise Refused(SAME)
    try:
        await run_in_threadpool(require_good, new, session.username, site.words)
    except NotGoodEnough as error:
        raise Refused(said_of(error)) from error
    password_hash, now = await site.desk.hash(new), site.clock()

    def change(c: Connection) -> None:
        held = accounts.get(c, session.username)
        same = held is not None and held.password_hash == account.password_hash
        if not same or sessions.get(c, session.token_hash, now) is None:
            raise ChangedMeanwhile(MEANWHILE)
        accounts.set_password(c, session.username, password_hash, now)
        sessions.end_all(c, session.username, but=session.token_hash)
        invitations.withdraw(c, session.username)

    try:
        async with noted(
            request, Action.PASSWORD_CHANGED, session.username, ends="others", by="the person"
        ):
            await site.store.submit(change)
    except ChangedMeanwhile as error:
        raise Refused(said_of(error), 409) from error


async def _verified(request: Request, old: str) -> Account:
    """The account whose present password this is. Raises Refused and Busy."""
    site, username = site_of(request.scope), session_of(request).username
    account = await run_in_threadpool(site.store.read, lambda c: accounts.get(c, username))
    try:
        right = await site.desk.verify(account.password_hash or None if account else None, old)
    except Busy:
        site.throttle.not_tried(password_of(username), actor_of(request).address)
        raise
    if right and account is not None:
        return account
    entry = Entry(Action.PASSWORD_CHANGED, actor_of(request), Outcome.FAILED, f"account:{username}")
    await site.record(entry)
    raise Refused(WRONG, 401)
