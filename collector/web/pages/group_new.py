"""Makes a group of devices."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector import grouping
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.grouping import NotPossible
from collector.store.groups import Group
from collector.translation import said_of
from collector.web.noting import noted_on
from collector.web.pages.groups import Typed, href_of, shown
from collector.web.site import site_of

PATH = "/groups/new"
METHODS = ("POST",)
PERMISSION = Permission.MANAGE_PEOPLE
LONGEST = 400


async def page(request: Request) -> Response:
    site, form = site_of(request.scope), await request.form()
    names = ("name", "description", "contact")
    typed = Typed(*(str(form.get(each, ""))[:LONGEST].strip() for each in names))
    made = Group(typed.name, typed.description, typed.contact, site.clock())
    try:
        async with noted_on(request, Action.GROUP_CHANGED, f"group:{made.name[:48]}", to="made"):
            await site.store.submit(lambda c: grouping.make(c, made))
    except NotPossible as error:
        return await shown(request, typed, said_of(error), 400)
    return RedirectResponse(href_of(made.name), 303)
