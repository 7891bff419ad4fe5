"""Nothing under /api is answered without a token, and a cookie opens nothing there.

In this order: the body fits, the token lasts, the route is there and its permission is held, what
was given can be taken, and the access is written down. Only then does an endpoint run.
"""

import logging
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from collector.accounts import access_tokens
from collector.accounts.access_tokens import Bearer
from collector.accounts.throttle import Throttle
from collector.audit.entry import Action, Actor, ActorKind, Entry, Outcome
from collector.audit.journal import AuditUnavailable
from collector.clock import Clock
from collector.store import Connection, StoreError
from collector.web.api import bodies, problems
from collector.web.api.calls import Call, File, One, Several
from collector.web.api.fields import View, shown
from collector.web.api.given import from_query, taken
from collector.web.api.openapi import document
from collector.web.api.problems import Problem
from collector.web.api.routes import Route, routes
from collector.web.body import whole
from collector.web.languages import preferred
from collector.web.places import repeatable
from collector.web.site import Site, site_of

log = logging.getLogger(__name__)

FOLDER = "/api/"
SCHEME = "bearer "
LONGEST_HEADER = 200


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request with its body, and who sent it."""

    request: Request
    body: bytes
    bearer: Bearer
    address: str

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.TOKEN, self.bearer.name, self.address)


class ApiDoor:
    """Answers what lies under /api; the pages and their cookies are behind it, untouched."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._routes = routes()
        self._document = document(self._routes)
        self._tokens = Throttle(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not under_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        response = await self._response(scope, receive)
        await response(scope, receive, send)

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        try:
            return await self._answer(scope, receive)
        except Problem as problem:
            return problem.response()
        except AuditUnavailable as error:
            log.error("The audit log cannot be written: %s", error)
            return Problem(*problems.UNWRITTEN).response()
        except StoreError as error:
            log.error("The store did not answer the API: %s", error)
            return Problem(*problems.BUSY, headers={"Retry-After": "60"}).response()

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        body = await whole(scope, receive)
        if body is None:
            raise Problem(*problems.TOO_LARGE)
        request, site = Request(scope), site_of(scope)
        address = request.client.host if request.client else ""
        bearer = await self._bearer(site, request, address)
        asked = _Asked(request, body, bearer, address)
        route, path = await self._route(site, asked)
        told = await _repeatable(site, path)
        try:
            call = self._call(site, asked, route, path)
            if not route.changes:
                await site.record(_entry(Action.VIEWED, asked, route, told))
            await _note_use(site, bearer)
            return await self._run(call, route)
        except Problem as problem:
            if route.changes:  # what was asked for and not done leaves a trace, too
                why = {**told, "status": str(problem.status)}
                entry = _entry(Action.DENIED, asked, route, why, Outcome.FAILED)
                await site.record(entry)
            raise

    async def _bearer(self, site: Site, request: Request, address: str) -> Bearer:
        """Wrong tokens are counted by address; a right one is never kept waiting by them."""
        now = site.clock()
        secret = token_in(request)

        def look(c: Connection) -> tuple[Bearer | None, bool]:
            found = access_tokens.bearer(c, secret, now) if secret else None
            days = site.policy.current(c).password_days if found else {}
            return found, found is not None and found.password_is_due(now, days)

        found, must_renew = await run_in_threadpool(site.store.read, look)
        if found is not None and must_renew:
            who = Actor(ActorKind.TOKEN, found.name, address)
            detail = {"why": "a new password is due"}
            await site.record(Entry(Action.DENIED, who, Outcome.DENIED, "api", detail))
            raise problems.password_due()
        if found is not None:
            return found
        if secret:
            await self._count_wrong(site, address)
        raise problems.no_token()

    async def _count_wrong(self, site: Site, address: str) -> None:
        free_at = self._tokens.try_now(f"tokens from {address}", address)
        if free_at is not None:
            seconds = int((free_at - site.clock()).total_seconds()) + 1
            raise problems.too_many(seconds, "Too many wrong tokens came from this address.")
        nobody = Actor(ActorKind.NOBODY, "", address)
        await site.record(Entry(Action.LOGIN, nobody, Outcome.FAILED, "api", {"by": "token"}))

    async def _route(self, site: Site, asked: _Asked) -> tuple[Route, dict[str, str]]:
        """The one that is meant. One that is forbidden and none at all end alike."""
        method, others = asked.request.method, []
        for route in self._routes:
            path = route.match(asked.request.url.path)
            if path is None:
                continue
            if route.permission not in asked.bearer.holds:
                if route.method == method:
                    told = await _repeatable(site, path)
                    await site.record(_entry(Action.DENIED, asked, route, told, Outcome.DENIED))
                    raise problems.not_found()
            elif route.method == method:
                return route, path
            else:
                others.append(route.method)
        unknown = Entry(Action.DENIED, asked.actor, Outcome.DENIED, "api:no such route")
        await site.record(unknown)
        if others:
            allow = ", ".join(sorted(others))
            raise Problem(405, "Not possible here", f"Use {allow}.", headers={"Allow": allow})
        raise problems.not_found()

    def _call(self, site: Site, asked: _Asked, route: Route, path: dict[str, str]) -> Call:
        holds = asked.bearer.holds
        pairs = asked.request.query_params.multi_items()
        query = from_query(route.query, pairs, holds)
        body: dict[str, Any] = {}
        if route.body is not None:
            sent = bodies.object_in(
                asked.request, asked.body, wanted=any(given.required for given in route.body)
            )
            body = taken(route.body, sent, holds)
        throttle = site.throttle
        accepts = preferred(asked.request.headers.get("accept-language", ""))
        return Call(site, asked.bearer, asked.address, throttle, path, query, body, accepts)

    async def _run(self, call: Call, route: Route) -> Response:
        if route.answer is None:
            return JSONResponse(self._document)
        found = await route.answer(call)
        if isinstance(found, File):
            kind = "application/octet-stream"
            return FileResponse(found.path, media_type=kind, filename=found.path.name)
        view = View(call.bearer.holds, found.veil)
        if isinstance(found, One):
            return JSONResponse(shown(route.gives, found.values, view))
        assert isinstance(found, Several)
        items = [shown(route.gives, each, view) for each in found.items]
        return JSONResponse({"items": items, "next": found.following})


def under_api(path: str) -> bool:
    return path == FOLDER.rstrip("/") or path.startswith(FOLDER)


def token_in(request: Request) -> str:
    """What follows "Bearer"; empty: nothing was sent as a token."""
    given = request.headers.get("authorization", "")
    if len(given) > LONGEST_HEADER or not given.lower().startswith(SCHEME):
        return ""
    return given[len(SCHEME) :].strip()


def _entry(
    action: Action,
    asked: _Asked,
    route: Route,
    detail: dict[str, str],
    outcome: Outcome = Outcome.DONE,
) -> Entry:
    """By the route's template, so that what somebody wrote into an address is not repeated."""
    subject = f"api:{route.method} {route.template}"
    return Entry(action, asked.actor, outcome, subject, detail)


async def _repeatable(site: Site, path: dict[str, str]) -> dict[str, str]:
    """Of the path, what may stand in the log: a number of a version or a token says nothing."""
    plain = {name: value for name, value in path.items() if name in ("version", "token_id")}
    rest = {name: value for name, value in path.items() if name not in plain}
    if not rest:
        return plain
    known = await run_in_threadpool(site.store.read, lambda c: repeatable(c, rest))
    return plain | known


async def _note_use(site: Site, bearer: Bearer) -> None:
    now = site.clock()
    if bearer.is_noted(now):
        return
    await site.store.submit(lambda c: access_tokens.note_use(c, bearer.token_id, now))
