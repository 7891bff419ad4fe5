"""What surrounds every page: its title, who is looking, and the time at which it was made."""

from dataclasses import dataclass
from datetime import datetime

from starlette.types import Scope

from collector.accounts.roles import Permission, may
from collector.accounts.sessions import Session
from collector.web.cookie import form_token, token_in
from collector.web.site import site_of

SESSION = "muster.session"


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the bar at the top, for those who may go there."""

    href: str
    label: str
    needs: Permission


LINKS = (
    Link("/devices", "Devices", Permission.SEE_DEVICES),
    Link("/incidents", "Incidents", Permission.SEE_INCIDENTS),
    Link("/audit", "Audit", Permission.SEE_AUDIT),
    Link("/accounts", "Accounts", Permission.MANAGE_ACCOUNTS),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """`username` is empty before the login; `form_token` goes into every form."""

    title: str
    username: str
    form_token: str
    now: datetime
    links: tuple[Link, ...] = ()


def frame_of(scope: Scope, title: str) -> Frame:
    session: Session | None = scope.get(SESSION)
    username = session.username if session else ""
    links: tuple[Link, ...] = ()
    if session is not None and session.factor_at is not None:
        links = tuple(link for link in LINKS if may(session.role, link.needs))
    return Frame(title, username, form_token(token_in(scope)), site_of(scope).clock(), links)
