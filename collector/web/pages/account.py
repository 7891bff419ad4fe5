"""The own account: what lets this person in, and where it is in use at the moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission
from collector.accounts.sessions import Session
from collector.store import Connection, accounts, factors, sessions
from collector.translation import gettext as _
from collector.translation import marked
from collector.web.browsers import browser_name
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.passkeys import here
from collector.web.rendering import render
from collector.web.site import Site, site_of

PATH = "/account"
METHODS = ("GET",)
PERMISSION = Permission.OWN_ACCOUNT
DONE = {
    "password": marked("Your password is changed. Every other session and your tokens have ended."),
    "app": marked("The new app is connected. The old one opens nothing any more."),
    "passkey": marked("The passkey can be used from now on. Every other session has ended."),
    "label": marked("The passkey has its new name."),
    "removed": marked("The passkey opens nothing any more. Every other session has ended."),
    "session": marked("The session has ended."),
    "language": marked("Your language is kept with your account."),
}


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    href: str
    label: str
    host: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    session_id: str
    browser: str
    address: str
    since_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class Context:
    """`host`: the name that passkeys are made for here; empty: there is none.

    `sso`: how the OpenID provider is called; empty: there is none.
    """

    frame: Frame
    role: str
    language: str
    done: str
    password_at: datetime | None
    renew_at: datetime | None
    passkeys: tuple[PasskeyRow, ...]
    host: str
    codes_left: int
    sso: str
    sessions: tuple[SessionRow, ...]


def page(request: Request) -> Response:
    site, session = site_of(request.scope), session_of(request)
    frame = frame_of(request.scope, _("Your account"))
    done = DONE.get(request.query_params.get("done", ""), "")
    place = here(request)
    host = place.host if place else ""
    context = site.store.read(lambda c: _context(c, site, session, frame, (done, host)))
    return render("account.html", context)


def _context(
    c: Connection, site: Site, session: Session, frame: Frame, said: tuple[str, str]
) -> Context:
    username, (done, host) = session.username, said
    account = accounts.get(c, username)
    since = None
    if account is not None and account.password_hash:
        since = account.password_changed_at or account.created_at
    days = site.policy.current(c).password_days.get(session.role, 0)
    return Context(
        frame=frame,
        role=session.role,
        language=session.language,
        done=done,
        password_at=since,
        renew_at=since + timedelta(days=days) if since and days else None,
        passkeys=tuple(_passkey(each) for each in factors.passkeys_of(c, username)),
        host=host,
        codes_left=factors.codes_left(c, username),
        sso=site.keeping.sso.settings.name if site.keeping.sso else "",
        sessions=tuple(
            _session(each, session)
            for each in sessions.of_person(c, username, frame.now)
            if each.factor_at is not None
        ),
    )


def _passkey(each: factors.Passkey) -> PasskeyRow:
    href = f"/account/passkeys/{each.credential_id.hex()}"
    return PasskeyRow(href, each.label, each.host, each.created_at, each.last_used_at)


def _session(each: sessions.Session, mine: Session) -> SessionRow:
    is_this = each.token_hash == mine.token_hash
    browser = browser_name(each.browser)
    return SessionRow(id_of(each), browser, each.address, each.created_at, is_this)


def id_of(session: sessions.Session) -> str:
    """What names a session on the page: it opens nothing."""
    return session.token_hash.hex()[:16]
