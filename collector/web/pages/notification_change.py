"""Sends a test, or has a message that was given up tried again; written down before it is done."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.notify.asked import subscriber_named, trial_of
from collector.store import notifications
from collector.translation import gettext as _
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.pages.notifications import shown
from collector.web.site import site_of

PATH = "/notifications/change"
METHODS = ("POST",)
PERMISSION = Permission.CHANGE_SETTINGS


async def page(request: Request) -> Response:
    form = await request.form()
    target, number = str(form.get("target", "")), str(form.get("number", ""))
    error = await (_test(request, target) if target else _retry(request, number))
    if error:
        return await shown(request, error, 400)
    return RedirectResponse("/notifications", 303)


async def _test(request: Request, target: str) -> str:
    """What is wrong; "" when it is put out."""
    site = site_of(request.scope)
    subscriber = subscriber_named(site.keeping.told, target)
    if subscriber is None:
        return _("Nobody has that name in collector.toml: choose one of the list.")
    new, now = trial_of(subscriber, session_of(request).username), site.clock()
    async with noted_on(request, Action.NOTIFICATION_TESTED, f"subscriber:{subscriber.name}"):
        await site.store.submit(lambda c: notifications.add(c, new, now, now))
    return ""


async def _retry(request: Request, text: str) -> str:
    """What is wrong; "" when it is tried again."""
    site = site_of(request.scope)
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
    found = await run_in_threadpool(site.store.read, lambda c: notifications.get(c, number))
    if found is None or found.sent_at is not None:
        return _("There is no such message that could be sent again. The list is up to date.")
    async with noted_on(request, Action.NOTIFICATION_RETRIED, f"notification:{number}"):
        await site.store.submit(lambda c: notifications.retry(c, number, site.clock()))
    return ""
