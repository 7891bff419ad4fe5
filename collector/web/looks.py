"""Language, and light or dark, as a person wants the pages: a cookie that opens nothing."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

NAME = "__Host-muster-look"
LASTS_SECONDS = 400 * 24 * 3600
"""As long as browsers keep a cookie at most (RFC 6265bis, 5.5)."""

THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Look:
    """Each is empty where the browser decides: `language` "en" or "fr", `theme` one of THEMES."""

    language: str = ""
    theme: str = ""


def look_in(scope: Scope) -> Look:
    """
    >>> look_in({"type": "http", "headers": [(b"cookie", b"__Host-muster-look=fr.dark")]})
    Look(language='fr', theme='dark')
    """
    language, _, theme = HTTPConnection(scope).cookies.get(NAME, "").partition(".")
    return look_of(language, theme)


def look_of(language: str, theme: str) -> Look:
    """What means nothing is as if it were not there."""
    known = language if language in ("en", "fr") else ""
    return Look(known, theme if theme in THEMES else "")


def put(response: Response, look: Look) -> None:
    response.set_cookie(
        NAME,
        f"{look.language}.{look.theme}",
        max_age=LASTS_SECONDS,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
