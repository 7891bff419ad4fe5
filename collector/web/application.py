"""The web application: the list of pages, and the guards around all of them."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from collector.accounts.challenges import Challenges
from collector.accounts.passwords import Passwords
from collector.accounts.throttle import Throttle
from collector.audit.journal import AuditUnavailable
from collector.clock import Clock
from collector.store import Store
from collector.web import errors
from collector.web.api.door import ApiDoor
from collector.web.body import BodyLimit
from collector.web.boundaries import OneLength
from collector.web.forgery import ForgeryProtection
from collector.web.guard import guarded
from collector.web.headers import SecurityHeaders
from collector.web.pages import PAGES
from collector.web.proxies import Network, TrueAddress
from collector.web.reader import ReadersLanguage
from collector.web.site import Keeping, PasswordDesk, Site
from collector.web.visitors import SessionRequired

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Reach:
    """How people reach the pages: `hosts` are names without port, `ports` those listened on.

    Of `proxies` it is believed where a request comes from. Port 443 may always be a proxy's.
    `connected` holds the devices that can be reached at once.
    """

    hosts: Sequence[str]
    ports: Sequence[int] = ()
    proxies: Sequence[Network] = ()
    connected: Container[str] = frozenset()


def application(
    store: Store,
    clock: Clock,
    keeping: Keeping,
    reach: Reach,
    *,
    passwords: Passwords | None = None,
) -> Starlette:
    """The pages over this store.

    The address that logins are counted by is the socket's, or what a proxy says; the server in
    front of this application must not read forwarding headers itself.
    """
    app = Starlette(
        routes=_routes(),
        middleware=[
            Middleware(TrueAddress, proxies=reach.proxies),
            Middleware(SecurityHeaders),
            Middleware(OneLength),
            Middleware(ReadersLanguage),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(reach.hosts), www_redirect=False),
            Middleware(ApiDoor, clock=clock),
            Middleware(BodyLimit),
            Middleware(ForgeryProtection),
            Middleware(SessionRequired),
        ],
        exception_handlers={
            HTTPException: errors.on_http_error,
            AuditUnavailable: errors.on_audit_unavailable,
            Exception: errors.on_defect,
        },
    )
    app.router.redirect_slashes = False  # an address is the page's or nobody's
    app.state.site = Site(
        store,
        clock,
        Throttle(clock),
        PasswordDesk(passwords or Passwords()),
        keeping,
        Challenges(clock),
        (443, *reach.ports),
        connected=reach.connected,
    )
    return app


def _routes() -> list[BaseRoute]:
    pages = [Route(page.PATH, guarded(page), methods=list(page.METHODS)) for page in PAGES]
    return [
        *pages,
        Mount("/static", StaticFiles(directory=STATIC, follow_symlink=False)),
    ]
