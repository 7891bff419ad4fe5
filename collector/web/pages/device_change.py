"""Sets a device's owner or groups, or ends its quarantine; never over a change not seen."""

import re
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector import deciding
from collector.accounts.roles import Permission
from collector.audit.entry import Action
from collector.deciding import ChangedMeanwhile, NoSuchDevice, NotPossible, Order
from collector.store import Connection, devices
from collector.translation import said_of
from collector.web.caring import Said
from collector.web.errors import BAD_REQUEST, NOT_FOUND
from collector.web.guard import session_of
from collector.web.noting import noted_on
from collector.web.pages.device import LONGEST_ID, shown
from collector.web.site import site_of

PATH = "/devices/{device_id}/change"
METHODS = ("POST",)
PERMISSION = Permission.CHANGE_DEVICES
LONGEST_TEXT = 2000

Change = Callable[[Connection, Order], None]


async def page(request: Request) -> Response:
    form = await request.form()
    what = str(form.get("action", ""))
    change = _asked(what, form)
    if not await is_there(request):
        return NOT_FOUND.response(request.scope)
    if change is None:
        return BAD_REQUEST.response(request.scope)
    kept = Said(owner=_text(form, "owner"), groups=_text(form, "groups"))
    return await decide(request, (Action.DEVICE_CHANGED, what), change, kept)


async def decide(
    request: Request, told: tuple[Action, str], change: Change, kept: Said, **detail: str
) -> Response:
    """Written down, then done; `kept` is what was typed, for when it cannot be."""
    site, (action, what) = site_of(request.scope), told
    order = order_of(request, str((await request.form()).get("seen", "")))
    try:
        async with noted_on(request, action, f"device:{order.device_id}", to=what, **detail):
            await site.store.submit(lambda c: change(c, order))
    except NoSuchDevice:
        return NOT_FOUND.response(request.scope)
    except ChangedMeanwhile as error:
        return await run_in_threadpool(shown, request, Said(error=said_of(error)), 409)
    except NotPossible as error:
        said = Said(error=said_of(error), owner=kept.owner, groups=kept.groups)
        return await run_in_threadpool(shown, request, said, 400)
    return RedirectResponse(f"/devices/{order.device_id}?done={what}#care", 303)


def order_of(request: Request, seen: str) -> Order:
    """`seen` is never empty: a form that says nothing has seen nothing."""
    named = str(request.path_params["device_id"])[:LONGEST_ID]
    return Order(named, site_of(request.scope).clock(), session_of(request).username, seen or "-")


async def is_there(request: Request) -> bool:
    named = str(request.path_params["device_id"])[:LONGEST_ID]
    store = site_of(request.scope).store
    return await run_in_threadpool(store.read, lambda c: devices.get(c, named)) is not None


def _asked(what: str, form: FormData) -> Change | None:
    """None: no form of ours asks for this."""
    owner, names = _text(form, "owner") or "", _text(form, "groups") or ""
    if what == "owner":
        return lambda c, order: deciding.set_owner(c, order, owner)
    if what == "groups":
        wanted = [each for each in re.split(r"[\s,;]+", names) if each]
        return lambda c, order: deciding.set_groups(c, order, wanted)
    return deciding.release if what == "release" else None


def _text(form: FormData, name: str) -> str | None:
    return str(form[name])[:LONGEST_TEXT] if name in form else None
