"""Somebody has looked through a week of the audit log and signs it off, with a fresh second factor.

Every class of record is ticked by itself: a signature under what nobody opened is worth nothing.
"""

import json
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.roles import Permission
from collector.audit import weeks
from collector.audit.entry import Action, Entry, Outcome
from collector.store import audit_reviews
from collector.store.audit_reviews import AuditReview
from collector.translation import gettext as _
from collector.translation import marked
from collector.web import errors
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, session_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/audit/review/{week}/sign"
METHODS = ("GET", "POST")
PERMISSION = Permission.REVIEW_AUDIT
FRESH = True
KEEPS = {
    "seen": marked("Looked through"),
    "remark": marked("What you found, and what follows from it"),
}
LONGEST_REMARK = 2_000
NOT_OVER = marked("This week is not over yet: it can be signed off from Monday on.")
SIGNED = marked("This week was signed off already.")
NO_REMARK = marked("Say what you found, or that there was nothing to follow up.")


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    week: str
    counts: tuple[weeks.Count, ...]
    ticked: frozenset[str] = frozenset()
    remark: str = ""
    error: str = ""
    may_sign: bool = True


async def page(request: Request) -> Response:
    context = await _asked_for(request)
    if context is None:
        return errors.NOT_FOUND.response(request.scope)
    if request.method != "POST":
        return render("sign_audit.html", context)
    context = await _typed(request, context)
    error = context.error or _trouble(context)
    if error:
        return render("sign_audit.html", replace(context, error=error), status_code=400)
    return await _sign(request, context)


async def _asked_for(request: Request) -> Context | None:
    """The week as it stands; `error` says why nobody can sign it now."""
    site, week = site_of(request.scope), str(request.path_params["week"])
    limits = weeks.bounds(week)
    if limits is None:
        return None
    counts = tuple(await run_in_threadpool(weeks.counts, site.keeping.journal.folder, week))
    context = Context(frame_of(request.scope, _("Sign off %(week)s", week=week)), week, counts)
    if site.clock() < limits[1]:
        return replace(context, error=NOT_OVER, may_sign=False)
    if await run_in_threadpool(site.store.read, lambda c: audit_reviews.get(c, week)):
        return replace(context, error=SIGNED, may_sign=False)
    return context


async def _typed(request: Request, context: Context) -> Context:
    form = await request.form()
    ticked = frozenset(str(value) for value in form.getlist("seen"))
    remark = str(form.get("remark", "")).strip()[:LONGEST_REMARK]
    return replace(context, ticked=ticked, remark=remark)


def _trouble(context: Context) -> str:
    unopened = [each.named for each in context.counts if each.named not in context.ticked]
    if unopened:
        named = ", ".join(unopened)
        return _("Look through every class, then tick it: %(classes)s.", classes=named)
    return "" if context.remark else NO_REMARK


async def _sign(request: Request, context: Context) -> Response:
    site, by = site_of(request.scope), session_of(request).username
    counts = {each.named: [each.times, each.not_done] for each in context.counts}
    head = await run_in_threadpool(site.keeping.journal.head)
    stands = f"{head.records}:{head.hash.hex()}"
    review = AuditReview(context.week, site.clock(), by, stands, json.dumps(counts), context.remark)
    detail = {"head": stands, "remark": context.remark}
    subject = f"week:{context.week}"
    entry = Entry(Action.REVIEWED, actor_of(request), subject=subject, detail=detail)
    await site.record(entry)
    if not await site.store.submit(lambda c: audit_reviews.sign(c, review)):
        await site.record(replace(entry, outcome=Outcome.FAILED))
        return render("sign_audit.html", replace(context, error=SIGNED), status_code=409)
    return RedirectResponse("/audit/review", 303)
