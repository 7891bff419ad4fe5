"""One of the own passkeys: give it another name, or take it away."""

from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import passkeys
from collector.accounts.passkeys import LONGEST_LABEL, cleaned_label
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.store import factors
from collector.store.factors import Passkey
from collector.translation import marked
from collector.web.errors import BAD_REQUEST, NOT_FOUND
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.noting import noted
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/account/passkeys/{passkey_id}"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
FRESH = True
KEEPS = {"action": "", "label": marked("What to call it")}


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    action: str
    label: str
    longest: int
    host: str
    created_at: datetime
    last_used_at: datetime | None


async def page(request: Request) -> Response:
    site, username = site_of(request.scope), session_of(request).username
    mine = await run_in_threadpool(site.store.read, lambda c: factors.passkeys_of(c, username))
    wanted = request.path_params["passkey_id"]
    found = next((each for each in mine if each.credential_id.hex() == wanted), None)
    if found is None:
        return NOT_FOUND.response(request.scope)
    if request.method == "POST":
        return await _change(request, found)
    context = Context(
        frame_of(request.scope, found.label),
        request.url.path,
        found.label,
        LONGEST_LABEL,
        found.host,
        found.created_at,
        found.last_used_at,
    )
    return render("passkey.html", context)


async def _change(request: Request, found: Passkey) -> Response:
    site, session = site_of(request.scope), session_of(request)
    typed = await request.form()
    what, key = str(typed.get("action", "")), found.credential_id
    if what == "label":
        label = cleaned_label(str(typed.get("label", "")))
        async with noted(request, Action.FACTOR_CHANGED, session.username, to=f"named {label}"):
            await site.store.submit(
                lambda c: factors.label_passkey(c, session.username, key, label)
            )
        return RedirectResponse("/account?done=label", 303)
    if what == "remove":
        async with noted(
            request,
            Action.FACTOR_CHANGED,
            session.username,
            ends="others",
            to=f"without {found.label}",
        ):
            await site.store.submit(lambda c: passkeys.remove(c, session, key))
        return RedirectResponse("/account?done=removed", 303)
    return BAD_REQUEST.response(request.scope)
