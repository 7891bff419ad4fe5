"""Adds a release, lets it go to the next ring, or halts it; in the audit log before it is done."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector import releasing
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.releasing import ChangedMeanwhile, NotPossible
from collector.translation import Text, said_of
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.pages.releases import Typed, shown
from collector.web.site import site_of

PATH = "/releases/change"
METHODS = ("POST",)
PERMISSION = Permission.CHANGE_SETTINGS
LONGEST = 400


async def page(request: Request) -> Response:
    form = await request.form()
    words = {name: str(form.get(name, ""))[:LONGEST].strip() for name in ("to", "version", "seen")}
    typed = Typed(of=words["to"], version=words["version"], reason=str(form.get("reason", "")))
    try:
        await _change(request, words["to"], typed, words["seen"] or "-")
    except NotPossible as error:
        status = 409 if isinstance(error, ChangedMeanwhile) else 400
        return await shown(request, replace(typed, error=said_of(error)), status)
    return RedirectResponse("/releases", 303)


async def _change(request: Request, to: str, typed: Typed, seen: str) -> None:
    """What cannot be done is not written down."""
    if to == "add":
        await _add(request, typed.version)
    elif to == "promote":
        await _promote(request, typed.version, seen)
    elif to == "halt":
        await _halt(request, typed.version, typed.reason, seen)
    else:
        raise NotPossible(Text("Choose what is to be done with the release."))


async def _add(request: Request, version: str) -> None:
    site, by = site_of(request.scope), session_of(request).username
    now = site.clock()
    await site.store.submit(lambda c: releasing.addable(c, version))
    async with noted_on(request, Action.RELEASE_ADDED, f"release:{version}", ring="1"):
        await site.store.submit(lambda c: releasing.add(c, version, by, now))


async def _promote(request: Request, version: str, seen: str) -> None:
    site = site_of(request.scope)
    wider = await site.store.submit(lambda c: releasing.promotable(c, version, seen))
    subject = f"release:{version}"
    async with noted_on(request, Action.RELEASE_PROMOTED, subject, ring=str(wider)):
        await site.store.submit(lambda c: releasing.promote(c, version, seen))


async def _halt(request: Request, version: str, reason: str, seen: str) -> None:
    site, by = site_of(request.scope), session_of(request).username
    now = site.clock()
    because = await site.store.submit(lambda c: releasing.haltable(c, version, reason, seen))
    async with noted_on(request, Action.RELEASE_HALTED, f"release:{version}", what=because):
        await site.store.submit(lambda c: releasing.halt(c, version, by, because, now))
