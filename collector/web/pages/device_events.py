"""Tells the page of one device that there is something new about it."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission
from collector.store import Connection, commands, devices
from collector.web import errors
from collector.web.listeners import digest
from collector.web.live import events
from collector.web.site import Site, site_of

PATH = "/devices/{device_id}/events"
METHODS = ("GET",)
PERMISSION = Permission.SEE_DEVICES
LONGEST_ID = 64


async def page(request: Request) -> Response:
    site, named = site_of(request.scope), str(request.path_params["device_id"])[:LONGEST_ID]
    if not await run_in_threadpool(site.store.read, lambda c: version(c, site, named)):
        return errors.NOT_FOUND.response(request.scope)
    return await events(request, f"/devices/{named}", lambda c: version(c, site, named))


def version(c: Connection, site: Site, device_id: str) -> str:
    """Empty when there is no such device."""
    device, held = devices.get(c, device_id), devices.standing(c, device_id)
    if device is None or held is None:
        return ""
    asked = commands.of_device(c, device_id, 5)
    return digest(device, held.answer_version, asked, device_id in site.connected)
