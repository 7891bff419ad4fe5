"""Takes a group away by whoever types its name: its waivers end, its devices stay."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector import grouping
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.grouping import NoSuchGroup
from collector.translation import gettext as _
from collector.web.errors import NOT_FOUND
from collector.web.noting import noted_on
from collector.web.pages.group import LONGEST, name_in, shown
from collector.web.pages.group_change import is_known
from collector.web.site import site_of

PATH = "/groups/group/{group}/remove"
METHODS = ("POST",)
PERMISSION = Permission.MANAGE_PEOPLE


async def page(request: Request) -> Response:
    site, name, now = site_of(request.scope), name_in(request), site_of(request.scope).clock()
    typed = str((await request.form()).get("typed", ""))[:LONGEST].strip()
    try:
        await is_known(request)
        if typed != name:
            error = _("Type the name exactly as it is shown: nothing was done.")
            return await shown(request, error=error, status_code=400)
        async with noted_on(request, Action.GROUP_CHANGED, f"group:{name}", to="removed"):
            await site.store.submit(lambda c: grouping.remove(c, name, now))
    except NoSuchGroup:
        return NOT_FOUND.response(request.scope)
    return RedirectResponse("/groups", 303)
