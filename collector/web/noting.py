"""What a page changes is written down before it is done, and again when it could not be done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from starlette.requests import Request

from collector.accounts.invitations import NoSuchAccount
from collector.accounts.people import NotPossible
from collector.audit.entry import Action, Entry, Outcome
from collector.web.guard import actor_of
from collector.web.site import site_of


@asynccontextmanager
async def noted(
    request: Request, action: Action, username: str, *, ends: str = "", **detail: str
) -> AsyncIterator[None]:
    """Raises AuditUnavailable before the block; what the block raises is written down too.

    `ends`: which sessions of the account end with it.
    """
    site, actor, subject = site_of(request.scope), actor_of(request), f"account:{username}"
    entry = Entry(action, actor, subject=subject, detail=detail)
    ended = Entry(Action.SESSION_ENDED, actor, subject=subject, detail={"which": ends})
    await site.record(entry, *([ended] if ends else []))
    try:
        yield
    except (NotPossible, NoSuchAccount) as error:
        refused = {**detail, "why": str(error)}
        await site.record(replace(entry, outcome=Outcome.FAILED, detail=refused))
        raise


@asynccontextmanager
async def noted_on(
    request: Request, action: Action, subject: str, **detail: str
) -> AsyncIterator[None]:
    """As `noted`, for what is no account: `subject` is "kind:id"."""
    site = site_of(request.scope)
    entry = Entry(action, actor_of(request), subject=subject, detail=detail)
    await site.record(entry)
    try:
        yield
    except BaseException as error:
        refused = {**detail, "why": str(error)}
        await site.record(replace(entry, outcome=Outcome.FAILED, detail=refused))
        raise


async def looked(request: Request, path: str, **detail: str) -> None:
    """Write down a look that comes as a form: it changes nothing, and shows what there is."""
    entry = Entry(Action.VIEWED, actor_of(request), subject=f"page:{path}", detail=detail)
    await site_of(request.scope).record(entry)
