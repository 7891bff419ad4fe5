"""Every page says which one permission it needs, and whoever lacks it finds no such page.

Whoever may see it leaves a trace first: what cannot be written down is not shown. A page with
`FRESH` asks whoever showed the second factor some time ago to show it again, and keeps the fields
in `KEEPS` meanwhile.
"""

import inspect
from collections.abc import Awaitable, Callable
from types import ModuleType

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission, may
from collector.accounts.sessions import Session, Visitor
from collector.audit.entry import Action, Actor, ActorKind, Entry, Outcome
from collector.web import errors
from collector.web.frame import SESSION
from collector.web.kept import asked_again
from collector.web.listeners import Listeners, is_refresh
from collector.web.places import place, repeatable
from collector.web.site import site_of


def guarded(page: ModuleType) -> Callable[[Request], Awaitable[Response]]:
    """The page behind its `PERMISSION`; None: open to everybody, and not written down here."""
    needs: Permission | None = page.PERMISSION
    waits = inspect.iscoroutinefunction(page.page)
    fresh = bool(getattr(page, "FRESH", False))

    async def endpoint(request: Request) -> Response:
        if needs is not None and not await _may_enter(request, page.PATH, needs):
            return errors.NOT_FOUND.response(request.scope)
        if fresh and not session_of(request).is_fresh(site_of(request.scope).clock()):
            return await asked_again(request, page.KEEPS)
        if waits:
            response: Response = await page.page(request)
            return response
        return await run_in_threadpool(page.page, request)

    return endpoint


async def _may_enter(request: Request, template: str, needs: Permission) -> bool:
    session: Session | None = request.scope.get(SESSION)
    allowed = session is not None and may(session.role, needs)
    if session is not None and allowed and is_refresh(request, session, listeners_of(request)):
        return True
    if not allowed or request.method in ("GET", "HEAD"):  # a change writes down what it is
        action = Action.VIEWED if allowed else Action.DENIED
        outcome = Outcome.DONE if allowed else Outcome.DENIED
        where = await _where(request, template)
        entry = Entry(action, actor_of(request), outcome, f"page:{where}")
        await site_of(request.scope).record(entry)
    return allowed


def listeners_of(request: Request) -> Listeners:
    return site_of(request.scope).listeners


async def _where(request: Request, template: str) -> str:
    parts = request.path_params
    if not parts:
        return template
    store = site_of(request.scope).store
    return place(template, await run_in_threadpool(store.read, lambda c: repeatable(c, parts)))


def actor_of(request: Request) -> Actor:
    """Who asks: the session's account, or nobody; the address is the socket's."""
    session: Session | None = request.scope.get(SESSION)
    address = request.client.host if request.client else ""
    if session is None:
        return Actor(ActorKind.NOBODY, "", address)
    return Actor(ActorKind.ACCOUNT, session.username, address)


def visitor_of(request: Request) -> Visitor:
    """Where the request comes from, for a session that begins with it."""
    return Visitor(actor_of(request).address, request.headers.get("user-agent", ""))


def session_of(request: Request) -> Session:
    """The session that brought the visitor here; only for pages that need a permission."""
    session: Session = request.scope[SESSION]
    return session
