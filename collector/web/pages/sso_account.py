"""Where a person connects the own account with the OpenID provider, or ends that.

Only from a session with a second factor shown just now, and by a form of ours: whoever could make
this browser connect an account could make it theirs.
"""

from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.roles import Permission
from collector.accounts.sso.refusals import Refused
from collector.audit.entry import Action, Entry, Outcome
from collector.store import Connection, accounts, linked_identities, sessions
from collector.translation import gettext as _
from collector.web import errors
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, session_of
from collector.web.rendering import render
from collector.web.site import site_of
from collector.web.sso import onward, put_journey, refused_page

PATH = "/account/sso"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
FRESH = True
KEEPS: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Context:
    """`provider`: how the operator calls it."""

    frame: Frame
    provider: str
    connected: bool
    may_disconnect: bool


async def page(request: Request) -> Response:
    if site_of(request.scope).keeping.sso is None:
        return errors.NOT_FOUND.response(request.scope)
    if request.method == "GET":
        return await _form(request)
    if (await request.form()).get("what") == "disconnect":
        return await _disconnect(request)
    return await _to_provider(request)


async def _form(request: Request) -> Response:
    site, username = site_of(request.scope), session_of(request).username
    assert site.keeping.sso is not None

    def look(c: Connection) -> tuple[bool, bool]:
        account = accounts.get(c, username)
        return bool(linked_identities.of_person(c, username)), bool(
            account and account.password_hash
        )

    connected, has_password = await run_in_threadpool(site.store.read, look)
    frame = frame_of(request.scope, _("Single sign-on"))
    name = site.keeping.sso.settings.name
    return render("sso.html", Context(frame, name, connected, has_password))


async def _to_provider(request: Request) -> Response:
    site, session = site_of(request.scope), session_of(request)
    assert site.keeping.sso is not None
    sso = site.keeping.sso
    journey, kept = sso.journeys.begin(session.username, session.token_hash.hex())
    try:
        there = await sso.provider.login_address(journey)
    except Refused as refused:
        return refused_page(request.scope, refused)
    frame = frame_of(request.scope, _("On to %(place)s", place=sso.settings.name))
    response = onward(frame, there, _("Continue to %(place)s", place=sso.settings.name))
    put_journey(request.scope, response, kept)
    return response


async def _disconnect(request: Request) -> Response:
    """Every other session ends. An account without a password stays connected: it has no other
    way in, and that it was refused is what is written down."""
    site, session = site_of(request.scope), session_of(request)
    detail = {"to": "disconnected from single sign-on"}
    subject = f"account:{session.username}"
    entry = Entry(Action.ACCOUNT_CHANGED, actor_of(request), subject=subject, detail=detail)

    def may(c: Connection) -> bool:
        account = accounts.get(c, session.username)
        return account is not None and bool(account.password_hash)

    def disconnect(c: Connection) -> bool:
        if not may(c):
            return False
        linked_identities.remove_all(c, session.username)
        sessions.end_all(c, session.username, but=session.token_hash)
        return True

    if not await run_in_threadpool(site.store.read, may):
        await site.record(replace(entry, outcome=Outcome.DENIED))
        return RedirectResponse(PATH, 303)
    await site.record(entry)
    if not await site.store.submit(disconnect):
        await site.record(replace(entry, outcome=Outcome.FAILED))
    return RedirectResponse(PATH, 303)
