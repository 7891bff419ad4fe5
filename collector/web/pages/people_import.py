"""Owners from a spreadsheet: what it would change is shown first, and done as a whole or not."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.owners import importing
from collector.owners.importing import ChangedMeanwhile, Plan
from collector.owners.sheet import MOST_SHOWN, BadSheet, Trouble, text_of
from collector.translation import gettext as _
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/people/import"
METHODS = ("GET", "POST")
PERMISSION = Permission.MANAGE_PEOPLE
MOST_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Context:
    """`text` is what was pasted or uploaded; `plan` what it would change, when it is sound."""

    frame: Frame
    text: str
    plan: Plan | None
    troubles: tuple[Trouble, ...]
    more_troubles: int
    notice: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said beside what was typed."""

    text: str = ""
    plan: Plan | None = None
    troubles: tuple[Trouble, ...] = ()
    notice: str = ""
    is_done: bool = False


async def page(request: Request) -> Response:
    if request.method == "GET":
        return _shown(request, Answer())
    async with request.form(max_part_size=4 * MOST_CHARACTERS) as form:
        kept, seen = str(form.get("text", ""))[:MOST_CHARACTERS], str(form.get("seen", ""))
        content = await _content(form)
    try:
        text = text_of(content)
        if len(text) > MOST_CHARACTERS:
            what = _("This is more than a form takes: use muster-collector people import FILE.")
            raise BadSheet([Trouble(0, what)])
        return await _answered(request, text, seen)
    except BadSheet as error:
        return _shown(request, Answer(kept, troubles=error.troubles), 400)


async def _answered(request: Request, text: str, seen: str) -> Response:
    site = site_of(request.scope)
    wanted = await run_in_threadpool(importing.wanted_by, text.encode())
    plan = await run_in_threadpool(site.store.read, lambda c: importing.plan(c, wanted))
    if not seen:
        return _shown(request, Answer(text, plan))
    if seen != plan.version:
        return _otherwise(request, text, plan)
    by, now = session_of(request).username, site.clock()
    counts = {words: str(count) for words, count in importing.summary(plan)}
    try:
        async with noted_on(request, Action.PEOPLE_IMPORTED, "people", **counts):
            done = await site.store.submit(
                lambda c: importing.apply(c, wanted, now, by, "a file", seen)
            )
    except ChangedMeanwhile:
        return _otherwise(request, text, plan)
    return _shown(request, Answer(plan=done, is_done=True))


def _otherwise(request: Request, text: str, plan: Plan) -> Response:
    notice = _("Something changed meanwhile: nothing was done. This is what it would change now.")
    return _shown(request, Answer(text, plan, notice=notice), 409)


async def _content(form: FormData) -> bytes:
    """The file when there is one, else what was pasted."""
    file = form.get("file")
    if isinstance(file, UploadFile) and file.size:
        return await file.read()
    return str(form.get("text", "")).encode("utf-8", "replace")


def _shown(request: Request, answer: Answer, status_code: int = 200) -> Response:
    context = Context(
        frame=frame_of(request.scope, _("Import owners")),
        text=answer.text,
        plan=answer.plan,
        troubles=answer.troubles[:MOST_SHOWN],
        more_troubles=max(0, len(answer.troubles) - MOST_SHOWN),
        notice=answer.notice,
        is_done=answer.is_done,
    )
    return render("people_import.html", context, status_code=status_code)
