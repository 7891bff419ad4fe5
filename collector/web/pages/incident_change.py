"""Writes a note on an incident, or closes it; in the audit log before it is done."""

from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.roles import Permission
from collector.audit.entry import Action, Entry, Outcome
from collector.incidents import handling
from collector.incidents.handling import NotPossible, tidied
from collector.store import Connection
from collector.store.incidents import Closing, Note
from collector.translation import said_of
from collector.web.guard import actor_of, session_of
from collector.web.pages.incident import Typed, number_in, shown
from collector.web.site import site_of

PATH = "/incidents/{number}/change"
METHODS = ("POST",)
PERMISSION = Permission.HANDLE_INCIDENTS


async def page(request: Request) -> Response:
    form = await request.form()
    typed = Typed(*(str(form.get(name, "")) for name in ("note", "cause", "consequence")))
    closes = form.get("action") == "close"
    try:
        await (_close(request, typed) if closes else _note(request, typed))
    except NotPossible as error:
        return await shown(request, replace(typed, error=said_of(error)), 400)
    return RedirectResponse(f"/incidents/{number_in(request)}", 303)


async def _note(request: Request, typed: Typed) -> None:
    number = number_in(request)
    written = _written(request, tidied("note", typed.note))
    entry = _entry(request, Action.INCIDENT_NOTED)
    await _do(request, entry, lambda c: handling.note(c, number, written))


async def _close(request: Request, typed: Typed) -> None:
    number, by = number_in(request), session_of(request).username
    closing = Closing(by, tidied("cause", typed.cause), tidied("consequence", typed.consequence))
    detail = {"cause": closing.cause, "consequence": closing.consequence}
    entry = replace(_entry(request, Action.INCIDENT_CLOSED), detail=detail)
    written = _written(request, "Closed.")
    await _do(request, entry, lambda c: handling.close(c, number, closing, written))


async def _do(request: Request, entry: Entry, change: Callable[[Connection], None]) -> None:
    """Only what is there is written down; then it is done, and a failure is written down too."""
    site, number = site_of(request.scope), number_in(request)
    await site.store.submit(lambda c: handling.require(c, number))
    await site.record(entry)
    try:
        await site.store.submit(change)
    except NotPossible:
        await site.record(replace(entry, outcome=Outcome.FAILED))
        raise


def _written(request: Request, words: str) -> Note:
    return Note(site_of(request.scope).clock(), session_of(request).username, words)


def _entry(request: Request, action: Action) -> Entry:
    return Entry(action, actor_of(request), subject=f"incident:{number_in(request)}")
