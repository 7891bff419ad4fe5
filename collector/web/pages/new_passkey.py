"""A person adds a passkey to the own account, having just shown the second factor."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import passkeys
from collector.accounts.passkeys import LONGEST_LABEL, MOST, NotAccepted
from collector.accounts.roles import Permission
from collector.audit.entry import Action, Entry, Outcome
from collector.store import factors
from collector.translation import gettext as _
from collector.translation import marked
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, session_of
from collector.web.noting import noted
from collector.web.passkeys import FIELD, made, offer_to_make
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/account/passkeys"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
FRESH = True
KEEPS = {"label": marked("What to call it")}
WRONG = marked("The passkey was not accepted, and nothing was changed. Try again.")
FULL = marked("It is known already, or there are %(most)s passkeys: remove one first.")


@dataclass(frozen=True, slots=True)
class Context:
    """`passkey`: what the browser is asked to make; empty: not by this address."""

    frame: Frame
    passkey: str
    label: str
    longest: int
    error: str


async def page(request: Request) -> Response:
    if request.method == "POST":
        return await _add(request)
    return await _form(request)


async def _form(
    request: Request, label: str = "", error: str = "", status_code: int = 200
) -> Response:
    site, username = site_of(request.scope), session_of(request).username
    known = await run_in_threadpool(site.store.read, lambda c: factors.passkeys_of(c, username))
    options = offer_to_make(request, username, known)
    frame = frame_of(request.scope, _("Add a passkey"))
    context = Context(frame, options, label, LONGEST_LABEL, error)
    return render("new_passkey.html", context, status_code=status_code)


async def _add(request: Request) -> Response:
    site, session = site_of(request.scope), session_of(request)
    typed = await request.form()
    label = str(typed.get("label", ""))[:LONGEST_LABEL]
    try:
        passkey = made(request, str(typed.get(FIELD, "")), session.username, label)
    except NotAccepted:
        await _write_down_failure(request, "not accepted")
        return await _form(request, label, WRONG, 400)
    async with noted(
        request,
        Action.FACTOR_CHANGED,
        session.username,
        ends="others",
        to="a passkey",
        label=passkey.label,
    ):
        kept = await site.store.submit(lambda c: passkeys.add(c, passkey, session))
    if not kept:
        await _write_down_failure(request, "there are too many, it is known, or the session ended")
        return await _form(request, label, _(FULL, most=MOST), 400)
    return RedirectResponse("/account?done=passkey", 303)


async def _write_down_failure(request: Request, why: str) -> None:
    subject, detail = f"account:{session_of(request).username}", {"to": "a passkey", "why": why}
    entry = Entry(Action.FACTOR_CHANGED, actor_of(request), Outcome.FAILED, subject, detail)
    await site_of(request.scope).record(entry)
