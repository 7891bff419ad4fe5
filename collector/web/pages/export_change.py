"""Stops a pack that is being made, or has one taken again where the settings say."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.roles import ROLES, Permission
from collector.audit.entry import Action
from collector.store import deliveries, exports
from collector.store.exports import Run
from collector.translation import gettext as _
from collector.web import errors, packs
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.pages.export import shown
from collector.web.site import site_of

PATH = "/exports/{export}/change"
METHODS = ("POST",)
PERMISSION = Permission.EXPORT


async def page(request: Request) -> Response:
    site, number = site_of(request.scope), str(request.path_params["export"])
    holds = ROLES[session_of(request).role]
    run = await run_in_threadpool(site.store.read, lambda c: packs.find(c, number, holds))
    if run is None:
        return errors.NOT_FOUND.response(request.scope)
    form = await request.form()
    action = str(form.get("action", ""))
    steps = {"stop": _stop, "deliver": _deliver}
    if action not in steps:
        return await shown(request, _("Choose what to do with it."), 400)
    error = await steps[action](request, run)
    if error:
        return await shown(request, error, 409)
    return RedirectResponse(f"/exports/{run.number}", 303)


async def _stop(request: Request, run: Run) -> str:
    """What is wrong; "" when it will stop."""
    site = site_of(request.scope)
    if run.is_over:
        return _("It is over already: there is nothing to stop.")
    if not run.asked_by:
        return _("This pack is the schedule's: it is made in any case.")
    async with noted_on(request, Action.EXPORT_STOPPED, f"export:{run.number}"):
        await site.store.submit(lambda c: exports.want_stopped(c, run.number))
    return ""


async def _deliver(request: Request, run: Run) -> str:
    """What is wrong; "" when it is on its way."""
    site = site_of(request.scope)
    names = [each.name for each in site.keeping.exports.to(run.variant)]
    if not run.is_there or not names:
        return _("It cannot be taken anywhere: it is not there, or the settings name no place.")
    to = ", ".join(names)
    async with noted_on(request, Action.DELIVERED, f"export:{run.number}", again_to=to):
        now = site.clock()
        await site.store.submit(lambda c: deliveries.put(c, run.number, names, now))
    return ""
