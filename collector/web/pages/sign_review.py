"""An owner signs the review of authorisations, having just shown the second factor."""

from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import review
from collector.accounts.people import ChangedMeanwhile, NotPossible
from collector.accounts.review import EVERY, Standing
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.translation import gettext as _
from collector.translation import said_of
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.noting import noted
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/accounts/review/sign"
METHODS = ("GET", "POST")
PERMISSION = Permission.REVIEW_ACCOUNTS
FRESH = True
KEEPS: dict[str, str] = {}
SUBJECT = "(every account)"


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    names: tuple[tuple[str, str], ...]
    open: int
    digest: str
    next_due_at: datetime
    error: str


async def page(request: Request) -> Response:
    if request.method == "POST":
        return await _sign(request)
    return await _show(request)


async def _show(request: Request, error: str = "", status_code: int = 200) -> Response:
    stands: Standing = await run_in_threadpool(site_of(request.scope).store.read, review.standing)
    frame = frame_of(request.scope, _("Sign the review"))
    names = tuple((line.account.username, line.account.role) for line in stands.lines)
    context = Context(frame, names, stands.open, stands.digest, frame.now + EVERY, error)
    return render("sign_review.html", context, status_code=status_code)


async def _sign(request: Request) -> Response:
    site, by = site_of(request.scope), session_of(request).username
    digest, now = str((await request.form()).get("digest", ""))[:64], site.clock()
    try:
        async with noted(request, Action.AUTHORISATIONS_REVIEWED, SUBJECT, sha256=digest):
            await site.store.submit(lambda c: review.sign(c, digest, by, now))
    except ChangedMeanwhile as error:
        return await _show(request, said_of(error), 409)
    except NotPossible as error:
        return await _show(request, said_of(error), 400)
    return RedirectResponse("/accounts/review", 303)
