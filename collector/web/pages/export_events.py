"""Tells the page of one pack that it is further, or that it was taken somewhere."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import ROLES, Permission
from collector.web import errors, packs
from collector.web.guard import session_of
from collector.web.live import events
from collector.web.pages.export import version
from collector.web.site import site_of

PATH = "/exports/{export}/events"
METHODS = ("GET",)
PERMISSION = Permission.EXPORT


async def page(request: Request) -> Response:
    site, number = site_of(request.scope), str(request.path_params["export"])
    holds = ROLES[session_of(request).role]
    run = await run_in_threadpool(site.store.read, lambda c: packs.find(c, number, holds))
    if run is None:
        return errors.NOT_FOUND.response(request.scope)
    return await events(request, f"/exports/{run.number}", lambda c: version(c, run.number))
