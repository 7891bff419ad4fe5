"""Groups of devices: made, described, filled, emptied and taken away as on their pages."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from collector import grouping
from collector.audit.entry import Action
from collector.compliance import compliance_at
from collector.grouping import NoSuchGroup, NotPossible
from collector.store import Connection, devices, groups
from collector.store.groups import Group
from collector.web.api.calls import Call, One, Several
from collector.web.api.devices import described
from collector.web.api.problems import Wrong, conflict, not_found, unfit

T = TypeVar("T")
MOST_NAMED = 5


async def list_groups(call: Call) -> Several:
    after, limit = call.query["cursor"], call.query["limit"]
    page = await call.read(lambda c: groups.find(c, after=after, limit=limit))
    return Several([_group(each) for each in page.groups], page.next_after or None)


async def one_group(call: Call) -> One:
    return One(_group(await call.read(lambda c: _known(c, call))))


async def list_members(call: Call) -> Several:
    """By device id: whoever comes in meanwhile moves nobody else to another page."""
    after, limit = call.query["cursor"], call.query["limit"]

    def find(c: Connection) -> Several:
        silent = timedelta(days=call.site.policy.current(c).stale_after_days)
        ids = groups.members(c, _known(c, call).name, after, limit + 1)
        known = (devices.get(c, each) for each in ids[:limit])
        found = [(each, compliance_at(each, call.now, silent)) for each in known if each]
        return Several(described(c, found), ids[limit - 1] if len(ids) > limit else None)

    return await call.read(find)


async def make(call: Call) -> One:
    given = call.body
    made = Group(given["name"], given["description"], given["contact"], call.now)
    try:
        await _change(call, made.name[:48], {"to": "made"}, lambda c: grouping.make(c, made))
    except NotPossible as why:
        raise unfit([Wrong("name", str(why))]) from None
    return One(_group(made))


async def describe(call: Call) -> One:
    """Over nothing unseen, where `seen` is given."""
    said, contact, seen = (call.body[name] for name in ("description", "contact", "seen"))
    change = partial(grouping.describe, description=said, contact=contact, seen=seen)
    await _decide(call, {"to": "described"}, change)
    return await one_group(call)


async def put_in(call: Call) -> One:
    """All of them, or none when one of them is not in service."""
    ids = _ids(call)
    lacking = await call.read(lambda c: _not_in_service(c, ids))
    if lacking:
        names = ", ".join(lacking[:MOST_NAMED])
        raise unfit([Wrong("devices", f"no device in service: {names}; nobody was put in")])
    return await _members(call, "in", lambda c, g: grouping.put_in(c, g, ids, call.now))


async def take_out(call: Call) -> One:
    ids = _ids(call)
    return await _members(call, "out", lambda c, g: grouping.take_out(c, g, ids, call.now))


async def remove(call: Call) -> One:
    """The answer is what it was."""
    was = await call.read(lambda c: _known(c, call))
    if call.body["name"] != was.name:
        raise conflict("Give the group's name once more, exactly: nothing was done.")
    await _decide(call, {"to": "removed"}, lambda c, g: grouping.remove(c, g, call.now))
    return One(_group(was))


async def _members(call: Call, to: str, change: Callable[[Connection, str], int]) -> One:
    told = {"to": to, "devices": str(len(_ids(call)))}
    changed = await _decide(call, told, change)
    group = await call.read(lambda c: _known(c, call))
    return One({"name": group.name, "changed": changed, "devices": group.devices})


async def _decide(call: Call, told: dict[str, str], change: Callable[[Connection, str], T]) -> T:
    """What is not there is refused before anything is written down as done."""
    name = (await call.read(lambda c: _known(c, call))).name
    try:
        return await _change(call, name, told, lambda c: change(c, name))
    except NoSuchGroup:
        raise not_found() from None
    except NotPossible as why:
        raise conflict(str(why)) from None


async def _change(
    call: Call, name: str, told: dict[str, str], change: Callable[[Connection], T]
) -> T:
    return await call.change(Action.GROUP_CHANGED, f"group:{name}", told, change)


def _known(c: Connection, call: Call) -> Group:
    group = groups.get(c, call.path["group"])
    if group is None:
        raise not_found()
    return group


def _ids(call: Call) -> tuple[str, ...]:
    return tuple(dict.fromkeys(call.body["devices"].split()))


def _not_in_service(c: Connection, ids: tuple[str, ...]) -> list[str]:
    known = ((each, devices.get(c, each)) for each in ids)
    return [each for each, device in known if device is None or device.retired_at is not None]


def _group(each: Group) -> dict[str, Any]:
    fields = ("name", "description", "contact", "devices", "created_at")
    return {**{name: getattr(each, name) for name in fields}, "version": grouping.version(each)}
