"""Takes a device out of service: its certificates are revoked, its history stays."""

from starlette.requests import Request
from starlette.responses import Response

from collector import deciding
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.web.caring import Said
from collector.web.errors import NOT_FOUND
from collector.web.pages.device_change import decide, is_there

PATH = "/devices/{device_id}/retire"
METHODS = ("POST",)
PERMISSION = Permission.RETIRE_DEVICES


async def page(request: Request) -> Response:
    if not await is_there(request):
        return NOT_FOUND.response(request.scope)
    return await decide(request, (Action.DEVICE_RETIRED, "retire"), deciding.retire, Said())
