"""The one cookie: readable by no script, sent to no other site, never in clear.

The prefix `__Host-` makes browsers refuse it from any other host, path or over plain HTTP.
"""

import hashlib

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from collector.accounts.sessions import LONGEST_TOKEN

NAME = "__Host-muster"


def token_in(scope: Scope) -> str:
    """The token that the browser sent; empty: none that could be ours."""
    token = HTTPConnection(scope).cookies.get(NAME, "")
    return token if len(token) <= LONGEST_TOKEN and token.isascii() else ""


def put(response: Response, token: str) -> None:
    response.set_cookie(NAME, token, path="/", secure=True, httponly=True, samesite="strict")


def remove(response: Response) -> None:
    response.delete_cookie(NAME, path="/", secure=True, httponly=True, samesite="strict")


def form_token(cookie_token: str) -> str:
    """What a form made for this cookie carries; it says nothing of the cookie itself."""
    return hashlib.sha256(b"muster form\0" + cookie_token.encode()).hexdigest()
