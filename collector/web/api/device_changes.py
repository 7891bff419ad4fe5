"""What a person decides about one device: the same as on its page, over nothing unseen."""

from collections.abc import Callable

from collector import continuing, deciding
from collector.audit.entry import Action
from collector.deciding import NoSuchDevice, NotPossible, Order
from collector.store import Connection, devices
from collector.web.api.account import confirm
from collector.web.api.calls import Call, One
from collector.web.api.devices import one_device
from collector.web.api.problems import conflict, not_found

Change = Callable[[Connection, Order], None]
CHANGED = Action.DEVICE_CHANGED


async def set_owner(call: Call) -> One:
    email = call.body["email"]
    return await _decide(call, (CHANGED, "owner"), lambda c, o: deciding.set_owner(c, o, email))


async def set_groups(call: Call) -> One:
    names = call.body["groups"].split()
    return await _decide(call, (CHANGED, "groups"), lambda c, o: deciding.set_groups(c, o, names))


async def release(call: Call) -> One:
    return await _decide(call, (CHANGED, "released"), deciding.release)


async def retire(call: Call) -> One:
    return await _decide(call, (Action.DEVICE_RETIRED, ""), deciding.retire)


async def continue_(call: Call) -> One:
    of = call.body["of"]
    told = (CHANGED, f"continue {of}")
    return await _decide(call, told, lambda c, o: continuing.approve(c, o, of))


async def forget(call: Call) -> One:
    """With a code of the second factor, as on the page. The answer is the device as it was."""
    was, name = await one_device(call), call.body["name"]
    try:
        await call.read(lambda c: deciding.check_name(c, _order(call), name))
    except NotPossible as error:
        raise conflict(str(error)) from None
    await confirm(call, call.body["code"])
    await _change(call, (Action.DEVICE_FORGOTTEN, ""), lambda c, o: deciding.forget(c, o, name))
    return was


async def _decide(call: Call, told: tuple[Action, str], change: Change) -> One:
    await _change(call, told, change)
    return await one_device(call)


async def _change(call: Call, told: tuple[Action, str], change: Change) -> None:
    """What is not there is refused before anything is written down as done."""
    (action, what), device_id = told, call.path["device_id"]
    if await call.read(lambda c: devices.get(c, device_id)) is None:
        raise not_found()
    order = _order(call)
    detail = {"to": what} if what else {}
    subject = f"device:{device_id}"
    try:
        await call.change(action, subject, detail, lambda c: change(c, order))
    except NoSuchDevice:
        raise not_found() from None
    except NotPossible as error:
        raise conflict(str(error)) from None


def _order(call: Call) -> Order:
    return Order(call.path["device_id"], call.now, call.bearer.username, call.body["seen"])
