"""Forgets a person, by whoever types the address: nobody is erased by a slip."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.store import ownership, persons
from collector.store.persons import folded
from collector.translation import gettext as _
from collector.web.errors import NOT_FOUND
from collector.web.noting import noted_on
from collector.web.pages.person import LONGEST, email_in, shown
from collector.web.site import site_of

PATH = "/people/person/{email}/forget"
METHODS = ("POST",)
PERMISSION = Permission.MANAGE_PEOPLE


async def page(request: Request) -> Response:
    site, email = site_of(request.scope), email_in(request)
    person = await run_in_threadpool(site.store.read, lambda c: persons.get(c, email))
    if person is None:
        return NOT_FOUND.response(request.scope)
    typed = str((await request.form()).get("typed", ""))[:LONGEST]
    if folded(typed) != person.email:
        error = _("Type the address exactly as it is shown: nothing was done.")
        return await shown(request, typed, error, 400)
    async with noted_on(request, Action.PERSON_FORGOTTEN, "people", devices=str(person.devices)):
        await site.store.submit(lambda c: ownership.forget_person(c, email))
    return RedirectResponse("/people", 303)
