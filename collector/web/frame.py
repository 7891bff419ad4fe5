"""What surrounds every page: its title, who is looking, and the time at which it was made."""

from dataclasses import dataclass
from datetime import datetime

from starlette.types import Scope

from collector.accounts.sessions import Session
from collector.web.cookie import form_token, token_in
from collector.web.site import site_of

SESSION = "muster.session"


@dataclass(frozen=True, slots=True)
class Frame:
    """`username` is empty before the login; `form_token` goes into every form."""

    title: str
    username: str
    form_token: str
    now: datetime


def frame_of(scope: Scope, title: str) -> Frame:
    session: Session | None = scope.get(SESSION)
    username = session.username if session else ""
    return Frame(title, username, form_token(token_in(scope)), site_of(scope).clock())
