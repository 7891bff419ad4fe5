"""The form that asks for a code or a passkey, at the login and when a person is asked again."""

from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.audit.entry import Action, Entry, Outcome
from collector.store import factors
from collector.translation import gettext as _
from collector.translation import marked, said
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, session_of
from collector.web.passkeys import Purpose, offer
from collector.web.rendering import render
from collector.web.site import site_of
from collector.wording import ago, exact

WRONG = marked("This code is not right, or it was used already. Wait for the next one.")


@dataclass(frozen=True, slots=True)
class Step:
    """`next_path`: where it leads; empty at the login."""

    title: str
    action: str
    purpose: Purpose
    next_path: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """`passkey`: what the browser is asked, as JSON; empty: there is none to show here."""

    frame: Frame
    action: str
    next_path: str
    passkey: str
    error: str


async def form(request: Request, step: Step, error: str = "", status_code: int = 200) -> Response:
    site, username = site_of(request.scope), session_of(request).username
    known = await run_in_threadpool(site.store.read, lambda c: factors.passkeys_of(c, username))
    context = Context(
        frame_of(request.scope, said(step.title)),
        step.action,
        step.next_path,
        offer(request, step.purpose, known),
        error,
    )
    return render("factor.html", context, status_code=status_code)


async def too_many(request: Request, step: Step) -> Response | None:
    """The answer to a try too many; None: it was counted and may go on."""
    username, address = session_of(request).username, actor_of(request).address
    free_at = site_of(request.scope).throttle.try_now(
        counted_as(username), address, is_account=True
    )
    if free_at is None:
        return None
    words = wait_words(free_at, site_of(request.scope).clock())
    return throttled(await form(request, step, words, 429), free_at, request)


def succeeded(request: Request) -> None:
    username, address = session_of(request).username, actor_of(request).address
    site_of(request.scope).throttle.succeeded(counted_as(username), address)


async def write_down_failure(request: Request) -> None:
    detail = {"step": "second factor"}
    subject = f"account:{session_of(request).username}"
    entry = Entry(Action.LOGIN, actor_of(request), Outcome.FAILED, subject, detail)
    await site_of(request.scope).record(entry)


def counted_as(username: str) -> str:
    """Codes are counted apart from passwords: whoever guesses one has the other already."""
    return f"second factor of {username}"


def wait_words(free_at: datetime, now: datetime) -> str:
    return _(
        "Too many wrong codes. Try again %(soon)s (at %(at)s).",
        soon=ago(free_at, now),
        at=exact(free_at),
    )


def throttled(response: Response, free_at: datetime, request: Request) -> Response:
    seconds = int((free_at - site_of(request.scope).clock()).total_seconds()) + 1
    response.headers["Retry-After"] = str(seconds)
    return response
