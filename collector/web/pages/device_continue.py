"""Says that a device is the same laptop as an earlier one that has fallen silent."""

from starlette.requests import Request
from starlette.responses import Response

from collector import continuing
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.web.caring import Said
from collector.web.errors import NOT_FOUND
from collector.web.pages.device import LONGEST_ID
from collector.web.pages.device_change import decide, is_there

PATH = "/devices/{device_id}/continue"
METHODS = ("POST",)
PERMISSION = Permission.RETIRE_DEVICES


async def page(request: Request) -> Response:
    if not await is_there(request):
        return NOT_FOUND.response(request.scope)
    earlier = str((await request.form()).get("of", ""))[:LONGEST_ID]
    told = (Action.DEVICE_CHANGED, "continue")
    return await decide(
        request, told, lambda c, order: continuing.approve(c, order, earlier), Said(), of=earlier
    )
