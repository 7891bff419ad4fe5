"""Erases a device: what goes and what stays is said first, and its name has to be typed."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector import deciding
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.deciding import ChangedMeanwhile, NoSuchDevice, NotPossible
from collector.store import Connection, devices
from collector.translation import gettext as _
from collector.translation import marked, said_of
from collector.web.errors import NOT_FOUND
from collector.web.frame import Frame, frame_of
from collector.web.noting import noted_on
from collector.web.pages.device import LONGEST_ID
from collector.web.pages.device_change import order_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/devices/{device_id}/forget"
METHODS = ("GET", "POST")
PERMISSION = Permission.RETIRE_DEVICES
FRESH = True
KEEPS = {"seen": "", "typed": marked("Its name")}
LONGEST_NAME = 300


@dataclass(frozen=True, slots=True)
class Context:
    """`name` is what has to be typed, `typed` what was."""

    frame: Frame
    href: str
    name: str
    version: str
    is_retired: bool
    typed: str
    error: str


async def page(request: Request) -> Response:
    if request.method == "GET":
        return await _form(request)
    site, form = site_of(request.scope), await request.form()
    typed = str(form.get("typed", ""))[:LONGEST_NAME]
    order = order_of(request, str(form.get("seen", "")))
    if await run_in_threadpool(site.store.read, lambda c: devices.get(c, order.device_id)) is None:
        return NOT_FOUND.response(request.scope)
    subject = f"device:{order.device_id}"
    try:
        async with noted_on(request, Action.DEVICE_FORGOTTEN, subject):
            await site.store.submit(lambda c: deciding.forget(c, order, typed))
    except NoSuchDevice:
        return NOT_FOUND.response(request.scope)
    except ChangedMeanwhile as error:
        return await _form(request, typed, said_of(error), 409)
    except NotPossible as error:
        return await _form(request, typed, said_of(error), 400)
    return RedirectResponse("/devices", 303)


async def _form(
    request: Request, typed: str = "", error: str = "", status_code: int = 200
) -> Response:
    named = str(request.path_params["device_id"])[:LONGEST_ID]
    frame = frame_of(request.scope, _("Forget a device"))

    def context(c: Connection) -> Context | None:
        device = devices.get(c, named)
        if device is None:
            return None
        return Context(
            frame=frame,
            href=f"/devices/{named}",
            name=device.hostname or device.device_id,
            version=deciding.version(c, device),
            is_retired=device.retired_at is not None,
            typed=typed,
            error=error,
        )

    found = await run_in_threadpool(site_of(request.scope).store.read, context)
    if found is None:
        return NOT_FOUND.response(request.scope)
    return render("device_forget.html", found, status_code=status_code)
