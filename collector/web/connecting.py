"""An app is connected by its code: until then its secret lives in the form, sealed."""

import base64
import binascii
from dataclasses import dataclass

import segno
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts import totp
from collector.identity.key_files import KeyFileError
from collector.translation import gettext as _
from collector.translation import marked
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.rendering import render
from collector.web.site import site_of

WRONG = marked(
    "This code is not right. Scan the QR code with the app, then type the code it shows now."
)


@dataclass(frozen=True, slots=True)
class Context:
    """`first`: the account has no second factor yet."""

    frame: Frame
    action: str
    first: bool
    square: str
    typed: str
    sealed: str
    error: str


@dataclass(frozen=True, slots=True)
class CodesContext:
    """`sentence`: why there are codes now; `next_path`: where the person goes on."""

    frame: Frame
    sentence: str
    codes: tuple[str, ...]
    next_path: str


def app_form(
    request: Request, secret: bytes, action: str, error: str = "", status_code: int = 200
) -> Response:
    """The square to scan, and the field for the first code."""
    site, session = site_of(request.scope), session_of(request)
    square = segno.make(totp.setup_uri(secret, session.username, site.keeping.name), error="m")
    context = Context(
        frame_of(request.scope, _("Connect an authenticator app")),
        action,
        session.factor_at is None,
        square.svg_inline(scale=5, border=2, dark="#000000", light="#ffffff", omitsize=True),
        totp.typed(secret),
        base64.b64encode(site.keeping.seal.close(secret, _pending(session.username))).decode(),
        error,
    )
    return render("app.html", context, status_code=status_code)


def secret_in(request: Request, sealed: str) -> bytes | None:
    """The secret that this person was shown; None when the form holds another one."""
    seal, username = site_of(request.scope).keeping.seal, session_of(request).username
    try:
        return seal.open(base64.b64decode(sealed, validate=True), _pending(username))
    except (binascii.Error, ValueError, KeyFileError):
        return None


def _pending(username: str) -> str:
    return f"not yet connected: {username}"
