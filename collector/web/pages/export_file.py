"""Hands out the file of a pack, in a stream; that it goes is written down before."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from collector.accounts.roles import ROLES, Permission
from collector.audit.entry import Action
from collector.web import errors, packs
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.site import site_of

PATH = "/exports/{export}/file"
METHODS = ("GET",)
PERMISSION = Permission.EXPORT


async def page(request: Request) -> Response:
    """`?as=age`: the encrypted one. The name is the store's: nothing of the address is in it."""
    site, number = site_of(request.scope), str(request.path_params["export"])
    holds = ROLES[session_of(request).role]
    run = await run_in_threadpool(site.store.read, lambda c: packs.find(c, number, holds))
    encrypted = request.query_params.get("as") == "age"
    path = packs.file_of(site, run, encrypted=encrypted) if run is not None else None
    if run is None or path is None:
        return errors.NOT_FOUND.response(request.scope)
    async with noted_on(request, Action.FETCHED, f"export:{run.number}", file=path.name):
        kind = "application/octet-stream" if encrypted else "application/zip"
        return FileResponse(path, media_type=kind, filename=path.name)
