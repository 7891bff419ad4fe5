"""What surrounds every page: its title, who is looking, and the time at which it was made."""

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlencode

from starlette.types import Scope

from collector.accounts.roles import Permission, may
from collector.accounts.sessions import Session
from collector.translation import gettext, language, marked
from collector.web.cookie import form_token, token_in
from collector.web.looks import look_in
from collector.web.site import site_of

SESSION = "muster.session"
ONWARD = "onward"
"""The name of a route that only leads to another page."""


HOME = "/"
BEHIND_LINKS = ("/setup/", "/login/sso")
"""Below it the address itself lets people in: no page repeats it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one may go from everywhere, when there is such a page, with that permission.

    Those of a `group` stand together.
    """

    group: str
    href: str
    label: str
    needs: Permission


PLACES = (
    Place("fleet", "/", marked("Overview"), Permission.SEE_DEVICES),
    Place("fleet", "/devices", marked("Devices"), Permission.SEE_DEVICES),
    Place("fleet", "/fixes", marked("Fixes"), Permission.SEE_DEVICES),
    Place("fleet", "/groups", marked("Groups"), Permission.SEE_DEVICES),
    Place("fleet", "/people", marked("People"), Permission.SEE_PEOPLE),
    Place("fleet", "/enrollment", marked("Enrollment"), Permission.ENROLL),
    Place("rules", "/waivers", marked("Waivers"), Permission.SEE_DEVICES),
    Place("rules", "/policy", marked("Policy"), Permission.SEE_POLICY),
    Place("rules", "/exports", marked("Exports"), Permission.EXPORT),
    Place("rules", "/privacy", marked("Privacy"), Permission.OWN_ACCOUNT),
    Place("oversight", "/incidents", marked("Incidents"), Permission.SEE_INCIDENTS),
    Place("oversight", "/audit", marked("Audit"), Permission.SEE_AUDIT),
    Place("oversight", "/accounts", marked("Accounts"), Permission.MANAGE_ACCOUNTS),
    Place("oversight", "/notifications", marked("Notifications"), Permission.CHANGE_SETTINGS),
)


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the navigation; `is_here`: the page, or one below it, is looked at."""

    group: str
    href: str
    label: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """`username` is empty before the login; `form_token` goes into every form.

    `here` is the address that was asked for, to come back to; empty where it is not repeated.
    `theme` is empty where the browser decides. `collector` is its name, which says of one that is
    not in production what it is for.
    """

    title: str
    collector: str
    username: str
    form_token: str
    now: datetime
    language: str
    theme: str
    here: str
    links: tuple[Link, ...] = ()
    languages: tuple[tuple[str, str], ...] = (("en", "English"), ("fr", "Français"))


def frame_of(scope: Scope, title: str, token: str = "") -> Frame:
    """`token`: the cookie that the answer brings with it, where the browser has another or none.

    With such a cookie nobody is logged in yet, as far as the page goes.
    """
    session: Session | None = None if token else scope.get(SESSION)
    return Frame(
        title,
        site_of(scope).keeping.name,
        session.username if session else "",
        form_token(token or token_in(scope)),
        site_of(scope).clock(),
        language().value,
        look_in(scope).theme,
        _here(scope),
        _links(scope, session),
    )


def nowhere(frame: Frame) -> Frame:
    """Of a page that says nothing of the address: not even whereabouts it would be."""
    links = tuple(replace(link, is_here=False) for link in frame.links)
    return replace(frame, here="", links=links)


def _here(scope: Scope) -> str:
    """Without a language, which would win over a new choice. A posted form is not asked again."""
    if scope.get("method") != "GET":
        return HOME
    if scope["path"].startswith(BEHIND_LINKS):
        return ""
    pairs = parse_qsl(scope.get("query_string", b"").decode("ascii", "replace"))
    query = urlencode([(name, value) for name, value in pairs if name != "lang"])
    path = quote(scope["path"])
    return f"{path}?{query}" if query else path


def _links(scope: Scope, session: Session | None) -> tuple[Link, ...]:
    if session is None or session.factor_at is None:
        return ()
    there = {getattr(route, "path", "") for route in scope["app"].routes if route.name != ONWARD}
    return tuple(
        Link(place.group, place.href, gettext(place.label), _is_in(scope["path"], place.href))
        for place in PLACES
        if place.href in there and may(session.role, place.needs)
    )


def _is_in(path: str, href: str) -> bool:
    return path == href or (href != HOME and path.startswith(f"{href}/"))
