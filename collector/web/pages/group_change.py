"""Says what a group is for and whom to ask; never over a change not seen."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector import grouping
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.grouping import NoSuchGroup, NotPossible
from collector.translation import said_of
from collector.web.errors import NOT_FOUND
from collector.web.noting import noted_on
from collector.web.pages.group import name_in, shown
from collector.web.pages.groups import href_of
from collector.web.site import site_of

PATH = "/groups/group/{group}/change"
METHODS = ("POST",)
PERMISSION = Permission.CHANGE_DEVICES
LONGEST = 400


async def page(request: Request) -> Response:
    site, name, form = site_of(request.scope), name_in(request), await request.form()
    said, contact = (str(form.get(n, ""))[:LONGEST].strip() for n in ("description", "contact"))
    seen = str(form.get("seen", "")) or "-"
    try:
        await is_known(request)
        async with noted_on(request, Action.GROUP_CHANGED, f"group:{name}", to="described"):
            await site.store.submit(lambda c: grouping.describe(c, name, said, contact, seen))
    except NoSuchGroup:
        return NOT_FOUND.response(request.scope)
    except grouping.ChangedMeanwhile as error:
        return await shown(request, error=said_of(error), status_code=409)
    except NotPossible as error:
        return await shown(request, (said, contact), said_of(error), 400)
    return RedirectResponse(href_of(name), 303)


async def is_known(request: Request) -> None:
    """Raises NoSuchGroup, before anything is written down."""
    site, name = site_of(request.scope), name_in(request)
    await run_in_threadpool(site.store.read, lambda c: grouping.known(c, name))
