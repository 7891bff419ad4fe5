"""One pack: how far it is, what is in it, whether it is sound, and where it was taken."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector import wording
from collector.accounts.roles import ROLES, Permission
from collector.store import Connection, deliveries, exports
from collector.store.deliveries import Delivery
from collector.store.exports import Run
from collector.translation import gettext as _
from collector.web import errors, packs
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.listeners import digest
from collector.web.rendering import render
from collector.web.site import site_of

PATH = "/exports/{export}"
METHODS = ("GET",)
PERMISSION = Permission.EXPORT


@dataclass(frozen=True, slots=True)
class Taken:
    """`where`: as the settings say now; empty when they name nobody so any more."""

    delivery: Delivery
    where: str


@dataclass(frozen=True, slots=True)
class Context:
    """`checked` is None where nobody asked; else what is wrong, and nothing when it is sound.

    `linked`: it was compared with the pack before it.
    """

    frame: Frame
    run: Run
    title: str
    phase: str
    size: str
    has_plain: bool
    has_encrypted: bool
    deliveries: tuple[Taken, ...]
    can_deliver: bool
    checked: tuple[str, ...] | None
    linked: bool
    events: str
    version: str
    error: str


async def page(request: Request) -> Response:
    return await shown(request)


async def shown(request: Request, error: str = "", status_code: int = 200) -> Response:
    site, number = site_of(request.scope), str(request.path_params["export"])
    holds = ROLES[session_of(request).role]

    def look(c: Connection) -> tuple[Run, list[Delivery], str] | None:
        run = packs.find(c, number, holds)
        if run is None:
            return None
        return run, deliveries.of_run(c, run.number), version(c, run.number)

    found = await run_in_threadpool(site.store.read, look)
    if found is None:
        return errors.NOT_FOUND.response(request.scope)
    run, taken, seen = found
    checked, linked = None, False
    if request.query_params.get("check") == "now":
        checked, linked = await run_in_threadpool(packs.verified, site, run)
    settings = site.keeping.exports
    known = {each.name: each.where for each in settings.targets}
    context = Context(
        frame_of(request.scope, run.name or packs.title(run)),
        run,
        packs.title(run),
        _(packs.PHASES[run.phase]),
        wording.size(run.size) if run.is_there else "",
        packs.file_of(site, run, encrypted=False) is not None,
        packs.file_of(site, run, encrypted=True) is not None,
        tuple(Taken(each, known.get(each.target, "")) for each in taken),
        run.is_there and bool(settings.to(run.variant)),
        checked,
        linked,
        f"/exports/{run.number}/events",
        seen,
        error,
    )
    return render("export.html", context, status_code=status_code)


def version(c: Connection, number: int) -> str:
    return digest(exports.get(c, number), deliveries.of_run(c, number))
