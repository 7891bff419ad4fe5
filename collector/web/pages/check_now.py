"""Asks the device to check now, in the audit log first; asking twice is asking once."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.roles import Permission
from collector.asking import NotAsked
from collector.store.commands import CommandAction
from collector.web import errors
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
    except NotAsked:
        return errors.BAD_REQUEST.response(request.scope)
    return RedirectResponse(f"/devices/{device.device_id}#commands", 303)
