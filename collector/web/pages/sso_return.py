"""Where the provider sends people back to: who they are is verified, written down, and let in."""

import logging
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.sessions import Visitor, begin
from collector.accounts.sso import admitting
from collector.accounts.sso.admitting import Admission, Identity
from collector.accounts.sso.journeys import Journey
from collector.accounts.sso.refusals import Reason, Refused
from collector.accounts.sso.settings import RETURN_PATH
from collector.accounts.sso.single_sign_on import SingleSignOn
from collector.audit.entry import Action, Actor, ActorKind, Entry, Outcome
from collector.store import Connection, accounts
from collector.translation import gettext as _
from collector.web import cookie, errors
from collector.web.frame import frame_of
from collector.web.guard import actor_of
from collector.web.site import Site, site_of
from collector.web.sso import end_journey, journey_in, onward, refused_page

PATH = RETURN_PATH
METHODS = ("GET",)
PERMISSION = None
LONGEST = 4096

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came back: what they use here, and where they come from."""

    site: Site
    sso: SingleSignOn
    visitor: Visitor


async def page(request: Request) -> Response:
    site = site_of(request.scope)
    if site.keeping.sso is None:
        return errors.NOT_FOUND.response(request.scope)
    visitor = Visitor(actor_of(request).address, request.headers.get("user-agent", ""))
    arrival = Arrival(site, site.keeping.sso, visitor)
    counted = f"single sign-on from {visitor.address}"
    free_at = site.throttle.try_now(counted, visitor.address)
    if free_at is not None:
        response = refused_page(request.scope, Refused(Reason.BUSY))
        response.headers["Retry-After"] = str(int((free_at - site.clock()).total_seconds()) + 1)
        return response
    who = None
    try:
        journey = _journey(arrival, request)
        who = await _identity(arrival, request.query_params, journey)
        response = await _let_in(arrival, request, who, journey)
        site.throttle.succeeded(counted, visitor.address)
    except Refused as refused:
        log.warning("A login by the OpenID provider was refused: %s", refused)
        await _write_down(arrival, refused, who)
        response = refused_page(request.scope, refused)
    end_journey(request.scope, response)
    return response


def _journey(arrival: Arrival, request: Request) -> Journey:
    """The journey that this answer ends. Raises Refused."""
    return arrival.sso.journeys.end(journey_in(request.scope), _one(request.query_params, "state"))


async def _identity(arrival: Arrival, query: QueryParams, journey: Journey) -> Identity:
    """Who came back. Raises Refused."""
    said, provider = arrival.sso.settings.said, arrival.sso.provider
    metadata = await provider.metadata()
    must_name = metadata.names_itself or "iss" in query  # RFC 9207
    if must_name and _one(query, "iss") != said.issuer:
        raise Refused(Reason.MIXED_UP, "the answer names another issuer, or none (iss)")
    if "error" in query:
        raise Refused(Reason.CANCELLED, "the provider answers with an error instead of a code")
    code = _one(query, "code")
    if not code:
        raise Refused(Reason.PROVIDER, "the provider's answer holds no code")
    claims = await provider.confirmed(code, journey)
    return admitting.identity(claims, said, arrival.site.clock())


async def _let_in(arrival: Arrival, request: Request, who: Identity, journey: Journey) -> Response:
    if journey.link_to:
        return await _link(arrival, request, who, journey)
    site, said, now = arrival.site, arrival.sso.settings.said, arrival.site.clock()
    planned = await run_in_threadpool(site.store.read, lambda c: admitting.admission(c, who, said))
    await site.record(*_entries(arrival, who, planned))

    def let_in(c: Connection) -> str:
        account = admitting.admit(c, who, said, planned, now)
        if who.factor_at is not None:
            accounts.logged_in(c, account.username, now)
        return begin(c, account, now, arrival.visitor, who.factor_at)

    token = await site.store.submit(let_in)
    frame = frame_of(request.scope, _("You are logged in"), token)
    response = onward(frame, "/", _("Continue to the devices"))
    cookie.put(request.scope, response, token)
    return response


async def _link(arrival: Arrival, request: Request, who: Identity, journey: Journey) -> Response:
    """Connect the account of the session that began this journey."""
    site, username, now = arrival.site, journey.link_to, arrival.site.clock()
    await run_in_threadpool(site.store.read, lambda c: admitting.may_link(c, who, username))
    detail = {"sso": who.issuer, "identity": who.subject, "to": "connected"}
    actor = Actor(ActorKind.ACCOUNT, username, arrival.visitor.address)
    entry = Entry(Action.ACCOUNT_CHANGED, actor, subject=f"account:{username}", detail=detail)
    await site.record(entry)
    session = bytes.fromhex(journey.session)
    await site.store.submit(lambda c: admitting.link(c, who, username, now, session))
    return onward(
        frame_of(request.scope, _("Connected")), "/account/sso", _("Continue to your account")
    )


def _entries(arrival: Arrival, who: Identity, planned: Admission) -> list[Entry]:
    """What is about to happen, for the audit log."""
    by = {"sso": who.issuer, "identity": who.subject}
    subject = f"account:{planned.username}"
    actor = Actor(ActorKind.ACCOUNT, planned.username, arrival.visitor.address)
    entries = []
    if planned.had is None:
        detail = {**by, "role": planned.role.value}
        entries.append(Entry(Action.ACCOUNT_ADDED, actor, subject=subject, detail=detail))
    elif planned.had is not planned.role:
        detail = {**by, "role": planned.role.value, "before": planned.had.value}
        entries.append(Entry(Action.ACCOUNT_CHANGED, actor, subject=subject, detail=detail))
    factor = "the provider's" if who.factor_at else "to be shown"
    detail = {**by, "second factor": factor}
    return [*entries, Entry(Action.LOGIN, actor, subject=subject, detail=detail)]


async def _write_down(arrival: Arrival, refused: Refused, who: Identity | None) -> None:
    """Nobody is the actor: an account is named only when it is let in."""
    detail = {"sso": arrival.sso.settings.said.issuer, "reason": refused.reason.value}
    outcome = Outcome.FAILED
    if who is not None:
        detail["identity"], outcome = who.subject, Outcome.DENIED
    actor = Actor(ActorKind.NOBODY, "", arrival.visitor.address)
    await arrival.site.record(Entry(Action.LOGIN, actor, outcome, detail=detail))


def _one(query: QueryParams, name: str) -> str:
    """The parameter that is there once; empty when it is not, or twice."""
    values = query.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= LONGEST else ""
