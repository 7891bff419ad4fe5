"""One account, and what an owner may do with it; nothing over a change that was not seen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import people
from collector.accounts.invitations import NoSuchAccount
from collector.accounts.people import LONGEST_REASON, ChangedMeanwhile, NotPossible, Order
from collector.accounts.roles import ROLES, Permission, Role
from collector.audit.entry import Action
from collector.store import Connection, accounts, sessions
from collector.translation import marked, said_of
from collector.web.errors import BAD_REQUEST, NOT_FOUND
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.noting import noted
from collector.web.pages.accounts import factor_words, link_page
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/accounts/account/{username}"
METHODS = ("GET", "POST")
PERMISSION = Permission.MANAGE_ACCOUNTS
FRESH = True
KEEPS = {
    "action": "",
    "seen": "",
    "role": marked("Role"),
    "because": marked("Why"),
    "factors": marked("The app and the passkeys are lost, too"),
}
DONE = {
    "role": marked("The role is changed. The person has to log in again."),
    "disable": marked("The account is disabled. Nobody is logged in with it any more."),
    "enable": marked("The account is enabled, with the password and the factors it had."),
}


@dataclass(frozen=True, slots=True)
class RoleChoice:
    role: str
    may: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """`is_self`: nobody changes the own account here. `reason` is what was typed."""

    frame: Frame
    username: str
    version: str
    is_self: bool
    role: str
    roles: tuple[RoleChoice, ...]
    factors: str
    created_at: datetime
    last_login_at: datetime | None
    logged_in: int
    disabled_at: datetime | None
    disabled_because: str
    longest_reason: int
    reason: str
    done: str
    error: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a form asks for: how it is written down, and what it does. It may give a link.

    `ends`: which sessions of the account end.
    """

    action: Action
    detail: dict[str, str]
    do: Callable[[Connection, Order], str | None]
    ends: str = "all"


async def page(request: Request) -> Response:
    if request.method == "POST":
        return await _change(request)
    return await _show(request)


async def _show(request: Request, error: str = "", status_code: int = 200) -> Response:
    username = str(request.path_params["username"])
    typed = await request.form() if request.method == "POST" else {}
    reason = str(typed.get("because", ""))[:LONGEST_REASON]
    done = DONE.get(request.query_params.get("done", ""), "")
    is_self = session_of(request).username == username
    frame = frame_of(request.scope, username)

    def context(c: Connection) -> Context | None:
        account = accounts.get(c, username)
        if account is None:
            return None
        open_now = sessions.of_person(c, username, frame.now)
        return Context(
            frame=frame,
            username=username,
            version=people.version(account),
            is_self=is_self,
            role=account.role,
            roles=tuple(RoleChoice(r, tuple(sorted(ROLES[r]))) for r in Role),
            factors=factor_words(c, account),
            created_at=account.created_at,
            last_login_at=account.last_login_at,
            logged_in=sum(each.factor_at is not None for each in open_now),
            disabled_at=account.disabled_at,
            disabled_because=account.disabled_because,
            longest_reason=LONGEST_REASON,
            reason=reason,
            done=done,
            error=error,
        )

    found = await run_in_threadpool(site_of(request.scope).store.read, context)
    if found is None:
        return NOT_FOUND.response(request.scope)
    return render("one_account.html", found, status_code=status_code)


async def _change(request: Request) -> Response:
    site, typed = site_of(request.scope), await request.form()
    username = str(request.path_params["username"])
    if await run_in_threadpool(site.store.read, lambda c: accounts.get(c, username)) is None:
        return NOT_FOUND.response(request.scope)
    what = str(typed.get("action", ""))
    change = _asked(what, typed)
    if change is None:
        return BAD_REQUEST.response(request.scope)
    by, seen = session_of(request).username, str(typed.get("seen", ""))
    order = Order(username, site.clock(), by, seen)
    try:
        async with noted(request, change.action, username, ends=change.ends, **change.detail):
            token = await site.store.submit(lambda c: change.do(c, order))
    except ChangedMeanwhile as error:
        return await _show(request, said_of(error), 409)
    except (NotPossible, NoSuchAccount) as error:
        return await _show(request, said_of(error), 400)
    if token is not None:
        return link_page(request, username, token)
    return RedirectResponse(f"/accounts/account/{username}?done={what}", 303)


def _asked(what: str, typed: FormData) -> Change | None:
    """None: no form of ours asks for this."""
    role, because = str(typed.get("role", "")), str(typed.get("because", ""))
    factors_too = typed.get("factors") == "too"
    if what == "role" and role in set(Role):
        return Change(
            Action.ACCOUNT_CHANGED,
            {"role": role},
            lambda c, order: people.change_role(c, order, Role(role)),
        )
    if what == "disable":
        return Change(
            Action.ACCOUNT_DISABLED,
            {"because": because},
            lambda c, order: people.disable(c, order, because),
        )
    if what == "enable":
        return Change(Action.ACCOUNT_CHANGED, {"to": "enabled"}, people.enable, ends="")
    if what == "link":
        return Change(
            Action.ACCOUNT_CHANGED,
            {"by": "link", "factor": "removed" if factors_too else "kept"},
            lambda c, order: people.let_in_anew(c, order, factors_too=factors_too),
        )
    return None
