"""The way to the OpenID provider: the login page's link leads here, and on to the provider."""

import logging

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.sso.refusals import Refused
from collector.web import errors
from collector.web.site import site_of
from collector.web.sso import put_journey, refused_page

PATH = "/login/sso"
METHODS = ("GET",)
PERMISSION = None

log = logging.getLogger(__name__)


async def page(request: Request) -> Response:
    """What the address holds besides the path is not looked at: the way back is always ours."""
    sso = site_of(request.scope).keeping.sso
    if sso is None:
        return errors.NOT_FOUND.response(request.scope)
    journey, kept = sso.journeys.begin()
    try:
        there = await sso.provider.login_address(journey)
    except Refused as refused:
        log.warning("The OpenID provider cannot be used: %s", refused)
        return refused_page(request.scope, refused)
    response = RedirectResponse(there, 303)
    put_journey(request.scope, response, kept)
    return response
