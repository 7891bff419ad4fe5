"""Locks a device's screen: with the second factor shown just now, a reason, and a line written."""

from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector import asking
from collector.accounts.roles import Permission
from collector.asking import LONGEST_REASON, NotAsked
from collector.audit.entry import Action, Entry, Outcome
from collector.model import Device
from collector.store import Connection, devices
from collector.store.commands import CommandAction
from collector.translation import gettext as _
from collector.translation import marked, said_of
from collector.web import errors
from collector.web.frame import Frame, frame_of
from collector.web.guard import actor_of, session_of
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/devices/{device_id}/lock"
METHODS = ("GET", "POST")
PERMISSION = Permission.LOCK_SCREEN
FRESH = True
KEEPS = {"reason": marked("Why? It is kept in the audit log.")}
LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Context:
    """`reason` is what was typed; `reached` says when the device will hear of it."""

    frame: Frame
    hostname: str
    href: str
    reached: str
    reason: str
    longest: int
    error: str


async def page(request: Request) -> Response:
    device = await device_named(request)
    if device is None:
        return errors.NOT_FOUND.response(request.scope)
    if request.method == "GET":
        return await _form(request, device)
    reason = str((await request.form()).get("reason", ""))
    try:
        await order(request, device, CommandAction.LOCK_SCREEN, reason)
    except NotAsked as error:
        return await _form(request, device, reason, said_of(error))
    return RedirectResponse(f"/devices/{device.device_id}#commands", 303)


async def device_named(request: Request) -> Device | None:
    named = str(request.path_params["device_id"])[:LONGEST_ID]
    store = site_of(request.scope).store
    return await run_in_threadpool(store.read, lambda c: devices.get(c, named))


async def order(request: Request, device: Device, action: CommandAction, reason: str = "") -> None:
    """Written down before it is asked for, and again when it could not be. Raises NotAsked."""
    site, by = site_of(request.scope), session_of(request).username
    wished = asking.wish(device, action, by, reason)
    told = {"command": action, **({"reason": wished.reason} if wished.reason else {})}
    entry = Entry(
        Action.COMMAND_GIVEN, actor_of(request), subject=f"device:{device.device_id}", detail=told
    )
    await site.record(entry)
    try:
        await site.store.submit(lambda c: asking.ask(c, wished, site.clock()))
    except NotAsked as error:
        failed = replace(entry, outcome=Outcome.FAILED, detail={**told, "why": str(error)})
        await site.record(failed)
        raise


async def _form(request: Request, device: Device, reason: str = "", error: str = "") -> Response:
    site, hostname = site_of(request.scope), device.hostname or _("(no name)")
    frame = frame_of(request.scope, _("Lock %(name)s", name=hostname))

    def reached(c: Connection) -> str:
        minutes = site.policy.current(c).check_in_minutes
        connected = device.device_id in site.connected
        return asking.reached(device, frame.now, minutes, connected=connected)

    context = Context(
        frame=frame,
        hostname=hostname,
        href=f"/devices/{device.device_id}",
        reached=await run_in_threadpool(site.store.read, reached),
        reason=reason[:LONGEST_REASON],
        longest=LONGEST_REASON,
        error=error,
    )
    return render("lock_screen.html", context, status_code=400 if error else 200)
