"""Asking a device for something, and what became of it: as on its page, and as strictly."""

from typing import Any

from collector import asking
from collector.asking import NotAsked
from collector.audit.entry import Action
from collector.store import Connection, commands, devices
from collector.store.commands import Command, CommandAction
from collector.web.api.account import confirm
from collector.web.api.calls import Call, One, Several
from collector.web.api.problems import conflict, not_found


async def list_commands(call: Call) -> Several:
    def find(c: Connection) -> list[Command]:
        if devices.get(c, call.path["device_id"]) is None:
            raise not_found()
        return commands.of_device(c, call.path["device_id"], call.query["limit"])

    return Several([_shown(each, call) for each in await call.read(find)])


async def check_now(call: Call) -> One:
    return await _ask(call, CommandAction.CHECK_NOW)


async def lock(call: Call) -> One:
    """With a code of the second factor: a token alone locks nobody out."""
    await _wish(call, CommandAction.LOCK_SCREEN, call.body["reason"])
    await confirm(call, call.body["code"])
    return await _ask(call, CommandAction.LOCK_SCREEN, call.body["reason"])


async def _wish(call: Call, action: CommandAction, reason: str) -> commands.Wish:
    device = await call.read(lambda c: devices.get(c, call.path["device_id"]))
    if device is None:
        raise not_found()
    try:
        return asking.wish(device, action, call.bearer.username, reason)
    except NotAsked as error:
        raise conflict(str(error)) from None


async def _ask(call: Call, action: CommandAction, reason: str = "") -> One:
    wished = await _wish(call, action, reason)

    def ask(c: Connection) -> Command:
        try:
            return asking.ask(c, wished, call.now)[0]
        except NotAsked as error:
            raise conflict(str(error)) from None

    told = {"command": action, **({"reason": wished.reason} if wished.reason else {})}
    asked = await call.change(Action.COMMAND_GIVEN, f"device:{wished.device_id}", told, ask)
    return One(_shown(asked, call))


def _shown(one: Command, call: Call) -> dict[str, Any]:
    return {
        "command_id": one.command_id,
        "device_id": one.device_id,
        "action": one.action,
        "asked_by": one.asked_by,
        "reason": one.reason,
        "asked_at": one.asked_at,
        "expires_at": one.expires_at,
        "delivered_at": one.delivered_at,
        "done_at": one.done_at,
        "outcome": one.outcome or None,
        "became": asking.became(one, call.now),
    }
