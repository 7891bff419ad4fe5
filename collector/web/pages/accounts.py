"""Everybody who may enter: role, last login, factors; and the form that adds somebody."""

from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts import people, unused
from collector.accounts.invitations import USERNAME
from collector.accounts.people import NotPossible, Order
from collector.accounts.review import standing
from collector.accounts.roles import Permission, Role
from collector.audit.entry import Action
from collector.store import Connection, accounts, factors
from collector.store.accounts import Account
from collector.translation import gettext as _
from collector.translation import marked, ngettext, said_of
from collector.web.errors import BAD_REQUEST
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.kept import asked_again
from collector.web.noting import noted
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/accounts"
METHODS = ("GET", "POST")
PERMISSION = Permission.MANAGE_ACCOUNTS
LONGEST_NAME = 64
KEEPS = {"username": marked("Username"), "role": marked("Role")}


@dataclass(frozen=True, slots=True)
class Row:
    """`unused_days`: above the number of days after which the page warns, else 0."""

    href: str
    username: str
    role: str
    factors: str
    last_login_at: datetime | None
    unused_days: int
    disabled_at: datetime | None
    disabled_because: str


@dataclass(frozen=True, slots=True)
class Context:
    """`username` and `role` are what was typed; `disabled_days`: when the unused are disabled."""

    frame: Frame
    rows: tuple[Row, ...]
    roles: tuple[str, ...]
    review_at: datetime | None
    disabled_days: int
    username: str
    role: str
    error: str


@dataclass(frozen=True, slots=True)
class LinkContext:
    """The link is a secret, shown once."""

    frame: Frame
    username: str
    link: str


async def page(request: Request) -> Response:
    if request.method == "POST":
        return await _add(request)
    return await _list(request)


async def _list(request: Request, error: str = "", status_code: int = 200) -> Response:
    typed = await request.form() if request.method == "POST" else {}
    frame = frame_of(request.scope, _("Accounts"))
    username = str(typed.get("username", ""))[:LONGEST_NAME]
    role = str(typed.get("role", Role.VIEWER))

    def context(c: Connection) -> Context:
        rows = tuple(_row(c, each, frame.now) for each in accounts.list_all(c))
        roles, days = tuple(Role), unused.DISABLED_AFTER.days
        due_at = standing(c).due_at
        return Context(frame, rows, roles, due_at, days, username, role, error)

    found = await run_in_threadpool(site_of(request.scope).store.read, context)
    return render("accounts.html", found, status_code=status_code)


def _row(c: Connection, account: Account, now: datetime) -> Row:
    idle = now - unused.last_used_at(c, account)
    warned = idle >= unused.WARNED_AFTER and account.disabled_at is None
    return Row(
        f"/accounts/account/{account.username}",
        account.username,
        account.role,
        factor_words(c, account),
        account.last_login_at,
        idle.days if warned else 0,
        account.disabled_at,
        account.disabled_because,
    )


def factor_words(c: Connection, account: Account) -> str:
    """Which second factors the account has, in words."""
    held = [_("app")] if account.totp_sealed is not None else []
    count = len(factors.passkeys_of(c, account.username))
    held += [ngettext("%(num)s passkey", "%(num)s passkeys", count)] if count else []
    return _(" and ").join(held) or _("none yet")


async def _add(request: Request) -> Response:
    site, typed = site_of(request.scope), await request.form()
    if not session_of(request).is_fresh(site.clock()):
        return await asked_again(request, KEEPS)
    username, given = str(typed.get("username", "")).strip(), str(typed.get("role", ""))
    if given not in set(Role):
        return BAD_REQUEST.response(request.scope)
    order = Order(username, site.clock(), session_of(request).username)
    named = username if USERNAME.fullmatch(username) else "(no username)"
    try:
        async with noted(request, Action.ACCOUNT_ADDED, named, role=given):
            token = await site.store.submit(lambda c: people.add(c, order, Role(given)))
    except NotPossible as error:
        return await _list(request, said_of(error), 400)
    return link_page(request, username, token)


def link_page(request: Request, username: str, token: str) -> Response:
    """The one-time link, for the person to be handed over."""
    link = f"{_pages(request)}/setup/{token}"
    frame = frame_of(request.scope, _("A link for %(username)s", username=username))
    return render("link.html", LinkContext(frame, username, link))


def _pages(request: Request) -> str:
    """Where the link leads is no choice of the request: the address that is set, else the name
    asked for, which is ours, at a port of ours."""
    site = site_of(request.scope)
    port = request.url.port
    ours = f":{port}" if port in site.ports else ""
    return site.keeping.address or f"https://{request.url.hostname}{ours}"
