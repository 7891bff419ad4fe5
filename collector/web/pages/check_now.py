"""Asks the device to check now, in the audit log first; asking twice is asking once."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.roles import Permission
from collector.asking import NotAsked
from collector.store.commands import CommandAction
from collector.translation import said_of
from collector.web import errors
from collector.web.caring import Said
from collector.web.pages.device import shown
from collector.web.pages.lock_screen import device_named, order

PATH = "/devices/{device_id}/check-now"
METHODS = ("POST",)
PERMISSION = Permission.ASK_FOR_CHECK


async def page(request: Request) -> Response:
    device = await device_named(request)
    if device is None:
        return errors.NOT_FOUND.response(request.scope)
    try:
        await order(request, device, CommandAction.CHECK_NOW)
    except NotAsked as error:
        return await run_in_threadpool(shown, request, Said(error=said_of(error)), 400)
    return RedirectResponse(f"/devices/{device.device_id}#commands", 303)
