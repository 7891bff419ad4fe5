"""The yearly review of authorisations: every account that can enter is confirmed or disabled."""

from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import people, review, unused
from collector.accounts.invitations import USERNAME, NoSuchAccount
from collector.accounts.people import LONGEST_REASON, ChangedMeanwhile, NotPossible, Order
from collector.accounts.review import Line
from collector.accounts.roles import Permission, Role
from collector.audit.entry import Action
from collector.store import Connection
from collector.translation import gettext as _
from collector.translation import marked, said_of
from collector.web.errors import BAD_REQUEST
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.kept import asked_again
from collector.web.noting import noted
from collector.web.pages.accounts import factor_words
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/accounts/review"
METHODS = ("GET", "POST")
PERMISSION = Permission.REVIEW_ACCOUNTS
BECAUSE = marked("not confirmed in the review of authorisations")


@dataclass(frozen=True, slots=True)
class Row:
    username: str
    version: str
    role: str
    factors: str
    last_used_at: datetime
    confirmed_at: datetime | None
    confirmed_by: str
    is_self: bool


@dataclass(frozen=True, slots=True)
class Context:
    """`because`: the reason that stands in the form for disabling."""

    frame: Frame
    rows: tuple[Row, ...]
    open: int
    due_at: datetime | None
    overdue: bool
    last_at: datetime | None
    last_by: str
    last_digest: str
    because: str
    longest_reason: int
    error: str


async def page(request: Request) -> Response:
    if request.method == "POST":
        return await _decide(request)
    return await _show(request)


async def _show(request: Request, error: str = "", status_code: int = 200) -> Response:
    frame = frame_of(request.scope, _("Review of authorisations"))

    def context(c: Connection) -> Context:
        stands = review.standing(c)
        last = stands.last
        return Context(
            frame=frame,
            rows=tuple(_row(c, line, frame.username) for line in stands.lines),
            open=stands.open,
            due_at=stands.due_at,
            overdue=stands.due_at is not None and stands.due_at <= frame.now,
            last_at=last.signed_at if last else None,
            last_by=last.signed_by if last else "",
            last_digest=last.digest if last else "",
            because=BECAUSE,
            longest_reason=LONGEST_REASON,
            error=error,
        )

    found = await run_in_threadpool(site_of(request.scope).store.read, context)
    return render("review.html", found, status_code=status_code)


def _row(c: Connection, line: Line, looking: str) -> Row:
    account, confirmed = line.account, line.confirmed
    return Row(
        username=account.username,
        version=people.version(account),
        role=account.role,
        factors=factor_words(c, account),
        last_used_at=unused.last_used_at(c, account),
        confirmed_at=confirmed.confirmed_at if confirmed else None,
        confirmed_by=confirmed.confirmed_by if confirmed else "",
        is_self=account.username == looking,
    )


async def _decide(request: Request) -> Response:
    typed = await request.form()
    what, username = str(typed.get("action", "")), str(typed.get("username", ""))
    role = str(typed.get("role", ""))
    by = session_of(request).username
    site = site_of(request.scope)
    order = Order(username, site.clock(), by, str(typed.get("seen", "")))
    if not USERNAME.fullmatch(username):
        return BAD_REQUEST.response(request.scope)
    if what == "disable" and not session_of(request).is_fresh(order.now):
        return await asked_again(request, {})
    try:
        if what == "confirm" and role in set(Role):
            async with noted(request, Action.AUTHORISATIONS_REVIEWED, username, confirmed=role):
                await site.store.submit(lambda c: review.confirm(c, username, role, by, order.now))
        elif what == "disable":
            because = str(typed.get("because", ""))
            async with noted(
                request, Action.ACCOUNT_DISABLED, username, ends="all", because=because
            ):
                await site.store.submit(lambda c: people.disable(c, order, because))
        else:
            return BAD_REQUEST.response(request.scope)
    except ChangedMeanwhile as error:
        return await _show(request, said_of(error), 409)
    except (NotPossible, NoSuchAccount) as error:
        return await _show(request, said_of(error), 400)
    return RedirectResponse(PATH, 303)
