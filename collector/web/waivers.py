"""What people decide about waivers on the pages: looked at, written down, done, in that order."""

from collections.abc import Callable
from datetime import datetime

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse

from collector import waiving
from collector.audit.entry import Action
from collector.store import Connection
from collector.store.waivers import Entry
from collector.upkeep import rejudge_due
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.site import site_of

Change = Callable[[Connection, int, str, datetime], Entry]


def number_in(request: Request) -> int:
    """0, which none has, when the address holds no number."""
    text = str(request.path_params["waiver"])
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


async def decide(
    request: Request,
    action: Action,
    possible: Callable[[Connection], Entry],
    change: Change,
    **detail: str,
) -> RedirectResponse:
    """Back to the register, with the members of a group judged again behind it.

    Raises NotWaived; then nothing has changed.
    """
    site, number, by = site_of(request.scope), number_in(request), session_of(request).username
    entry = await run_in_threadpool(site.store.read, possible)
    told = {**waiving.told(entry.asked, number), **detail}
    async with noted_on(request, action, waiving.subject(entry.asked), **told):
        await site.store.submit(lambda c: change(c, number, by, site.clock()))
    again = BackgroundTask(rejudge_due, site.store, site.clock) if entry.asked.group else None
    return RedirectResponse("/waivers", 303, background=again)
