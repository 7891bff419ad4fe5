"""Only those who logged in see anything: a path that is not on the short list needs a session.

A session in which only the password was right leads to the second factor and nowhere else, and one
whose password has lasted for as long as it may leads to the choice of a new one.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from collector.accounts import sessions
from collector.accounts.sessions import Session
from collector.model import Language
from collector.store import Connection
from collector.translation import reading
from collector.web.cookie import token_in
from collector.web.frame import SESSION
from collector.web.languages import asked_language
from collector.web.listeners import asked_by_script
from collector.web.site import Site, site_of

OPEN_PATHS = frozenset(
    {"/login", "/login/passkey", "/login/sso", "/login/sso/callback", "/healthz", "/look"}
)
OPEN_FOLDERS = ("/static/", "/setup/")
FACTOR_PATHS = frozenset({"/login/factor", "/login/app", "/logout"})
"""Where a half session may go."""

RENEWAL = "/account/password"
RENEWAL_PATHS = frozenset({RENEWAL, "/logout"})
"""Where a session may go whose password is due."""


class SessionRequired:
    """Finds the visitor's session; without one, everything but the open list leads to /login."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif _is_open(scope["path"]):
            await self._app(scope, receive, send)
        else:
            session, must_renew = await _found(scope)
            if session is None:
                await RedirectResponse("/login", 303)(scope, receive, send)
                return
            if session.factor_at is None and scope["path"] not in FACTOR_PATHS:
                await RedirectResponse("/login/factor", 303)(scope, receive, send)
                return
            if must_renew and scope["path"] not in RENEWAL_PATHS:
                await RedirectResponse(RENEWAL, 303)(scope, receive, send)
                return
            scope[SESSION] = session
            with reading(asked_language(HTTPConnection(scope)) or Language.EN):
                await self._app(scope, receive, send)


async def current_session(scope: Scope) -> Session | None:
    """The visitor's session, its end moved on because it is being used."""
    session, _ = await _found(scope)
    return session


async def _found(scope: Scope) -> tuple[Session | None, bool]:
    """The visitor's session, and whether its password has lasted for as long as it may."""
    token, site = token_in(scope), site_of(scope)
    if not token:
        return None, False
    now = site.clock()

    def look(c: Connection) -> tuple[Session | None, bool]:
        session = sessions.find(c, token, now)
        if session is None or session.factor_at is None:
            return session, False
        return session, session.password_is_due(now, site.policy.current(c).password_days)

    session, must_renew = await run_in_threadpool(site.store.read, look)
    if session is not None and not asked_by_script(scope):
        await _move_end(site, token, session)
    return session, must_renew


async def _move_end(site: Site, token: str, session: Session) -> None:
    end_at = session.end_to_move(site.clock())
    if end_at is not None:
        await site.store.submit(lambda c: sessions.extend(c, token, end_at))


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)
