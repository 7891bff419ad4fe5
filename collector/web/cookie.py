"""The one cookie: readable by no script, sent to no other site, never in clear.

The prefix `__Host-` makes browsers refuse it from any other host, path or over plain HTTP.
"""

import hashlib

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from collector.accounts.sessions import LONGEST_TOKEN
from collector.environment import PRODUCTION
from collector.web.site import site_of

NAME = "__Host-muster"
"""In production; another environment adds its own name."""


def name_in(scope: Scope) -> str:
    """Of the cookie here: a browser that knows two environments never mixes them up."""
    environment = site_of(scope).keeping.environment
    return NAME if environment == PRODUCTION else f"{NAME}-{environment}"


def token_in(scope: Scope) -> str:
    """The token that the browser sent; empty: none that could be ours."""
    token = HTTPConnection(scope).cookies.get(name_in(scope), "")
    return token if len(token) <= LONGEST_TOKEN and token.isascii() else ""


def put(scope: Scope, response: Response, token: str) -> None:
    response.set_cookie(
        name_in(scope), token, path="/", secure=True, httponly=True, samesite="strict"
    )


def remove(scope: Scope, response: Response) -> None:
    response.delete_cookie(name_in(scope), path="/", secure=True, httponly=True, samesite="strict")


def form_token(cookie_token: str) -> str:
    """What a form made for this cookie carries; it says nothing of the cookie itself."""
    return hashlib.sha256(b"muster form\0" + cookie_token.encode()).hexdigest()
