"""Where a person connects an authenticator app to the account, before anything else is shown.

The secret lives in the form, sealed for this account, until a code proves that the app has it.
"""

import base64
import binascii
from dataclasses import dataclass

import segno
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts import second_factor, totp
from collector.accounts.roles import Permission
from collector.audit.entry import Action, Entry
from collector.identity.key_files import KeyFileError
from collector.store import Connection, accounts
from collector.web import cookie
from collector.web.cookie import form_token
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, session_of
from collector.web.pages.factor import counted_as, throttled, wait_words
from collector.web.rendering import render
from collector.web.site import Site, site_of

PATH = "/login/app"
METHODS = ("GET", "POST")
PERMISSION = Permission.OWN_ACCOUNT
WRONG = "This code is not right. Scan the square with the app, then type the code it shows now."


@dataclass(frozen=True, slots=True)
class Context:
    frame: Frame
    square: str
    typed: str
    sealed: str
    error: str


@dataclass(frozen=True, slots=True)
class CodesContext:
    frame: Frame
    codes: tuple[str, ...]


async def page(request: Request) -> Response:
    site, session = site_of(request.scope), session_of(request)

    def enrolled(c: Connection) -> bool:
        account = accounts.get(c, session.username)
        return account is None or second_factor.has_factor(c, account)

    if session.factor_at is not None or await run_in_threadpool(site.store.read, enrolled):
        return RedirectResponse("/login/factor", 303)
    if request.method == "POST":
        return await _connect(request)
    return _form(request, totp.new_secret())


def _form(request: Request, secret: bytes, error: str = "", status_code: int = 200) -> Response:
    site, username = site_of(request.scope), session_of(request).username
    square = segno.make(totp.setup_uri(secret, username, site.keeping.name), error="m")
    context = Context(
        frame_of(request.scope, "Connect an authenticator app"),
        square.svg_inline(scale=5, border=2, dark="#000000", light="#ffffff", omitsize=True),
        totp.typed(secret),
        base64.b64encode(site.keeping.seal.close(secret, _pending(username))).decode(),
        error,
    )
    return render("app.html", context, status_code=status_code)


async def _connect(request: Request) -> Response:
    site, half = site_of(request.scope), session_of(request)
    form = await request.form()
    secret = _opened(site, half.username, str(form.get("sealed", "")))
    if secret is None:
        return RedirectResponse(PATH, 303)
    address = request.client.host if request.client else ""
    free_at = site.throttle.try_now(counted_as(half.username), address)
    if free_at is not None:
        words = wait_words(free_at, site.clock())
        return throttled(_form(request, secret, words, 429), free_at, request)
    code, now, seal = str(form.get("code", "")), site.clock(), site.keeping.seal
    subject = f"account:{half.username}"
    await site.record(
        Entry(Action.FACTOR_CHANGED, actor_of(request), subject=subject, detail={"to": "app"})
    )
    done = await site.store.submit(
        lambda c: second_factor.enroll_app(c, seal, half, secret, code, now)
    )
    if done is None:
        return _form(request, secret, WRONG, 401)
    site.throttle.succeeded(counted_as(half.username), address)
    await site.record(Entry(Action.LOGIN, actor_of(request), subject=subject))
    frame = frame_of(request.scope, "Recovery codes")
    shown = Frame(frame.title, frame.username, form_token(done.token), frame.now)
    response = render("codes.html", CodesContext(shown, done.codes))
    cookie.put(request.scope, response, done.token)
    return response


def _pending(username: str) -> str:
    return f"not yet connected: {username}"


def _opened(site: Site, username: str, sealed: str) -> bytes | None:
    """The secret that this person was shown; None when the form holds another one."""
    try:
        return site.keeping.seal.open(base64.b64decode(sealed, validate=True), _pending(username))
    except (binascii.Error, ValueError, KeyFileError):
        return None
