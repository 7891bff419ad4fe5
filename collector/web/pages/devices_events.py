"""Tells a list of devices that there is something new about one of those that it shows."""

from collections.abc import Iterable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission
from collector.store import Connection, standing
from collector.web.listeners import digest
from collector.web.live import events

PATH = "/devices/events"
METHODS = ("GET",)
PERMISSION = Permission.SEE_DEVICES
MOST_IDS = 200
LONGEST_ID = 64


async def page(request: Request) -> Response:
    named = request.query_params.get("ids", "").split(",")[:MOST_IDS]
    ids = [each for each in named if 0 < len(each) <= LONGEST_ID]
    return await events(request, "/devices", lambda c: version(c, ids))


def version(c: Connection, ids: Sequence[str]) -> str:
    """Of a list that shows nothing, whether there is a device at all."""
    return digest(standing.answers(c, ids) if ids else standing.is_any(c))


def address(device_ids: Iterable[str]) -> str:
    """Where a list of these devices listens."""
    return f"{PATH}?ids={','.join(device_ids)}"
