"""Exceptions: granted with a reason and an end, and ended before it when a person says so."""

from datetime import timedelta
from typing import Any

from collector.audit.entry import Action
from collector.ingest import rejudge
from collector.model import Waiver
from collector.policy_in_force import policy_in_force
from collector.store import Connection, devices, events, waivers
from collector.web.api.calls import Call, One, Several
from collector.web.api.problems import Wrong, conflict, not_found, unfit

LONGEST = timedelta(days=366)


async def list_waivers(call: Call) -> Several:
    known = await call.read(waivers.list_all)
    wanted = [each for each in known if call.query["all"] or call.now < each.ends_at]
    return Several([_shown(each, call) for each in wanted])


async def grant(call: Call) -> One:
    """As `muster-collector waiver add` does."""
    asked, device_id = call.body, call.path["device_id"]
    until, now = asked["until"], call.now
    if until.date() < now.date() or until > now + LONGEST:
        raise unfit([Wrong("until", "name a day from today to a year from now")])
    granted = Waiver(device_id, asked["rule_id"], asked["reason"], call.bearer.username, now, until)
    await call.read(lambda c: _require_free(c, granted))

    def write(c: Connection) -> None:
        _require_free(c, granted)
        waivers.add(c, granted)
        detail = f"{granted.rule_id} by {granted.requested_by}: {granted.reason}"
        events.add(c, now, "waiver granted", device_id, detail)
        rejudge(c, policy_in_force(c), device_id, now)

    told = {"rule": granted.rule_id, "until": f"{until:%Y-%m-%d}", "reason": granted.reason}
    await call.change(Action.WAIVER_GRANTED, f"device:{device_id}", told, write)
    return One(_shown(granted, call))


async def end(call: Call) -> One:
    device_id, rule_id, now = call.path["device_id"], call.path["rule_id"], call.now

    def in_force(c: Connection) -> Waiver:
        for each in waivers.active_for(c, device_id, now):
            if each.rule_id == rule_id:
                return each
        raise not_found()

    ending = await call.read(in_force)

    def write(c: Connection) -> None:
        in_force(c)
        waivers.end(c, device_id, rule_id, now)
        events.add(c, now, "waiver ended", device_id, f"{rule_id} by {call.bearer.username}")
        rejudge(c, policy_in_force(c), device_id, now)

    told = {"rule": rule_id}
    await call.change(Action.WAIVER_ENDED, f"device:{device_id}", told, write)
    return One(_shown(ending, call) | {"ends_at": now, "in_force": False})


def _require_free(c: Connection, granted: Waiver) -> None:
    device = devices.get(c, granted.device_id)
    if device is None:
        raise not_found()
    if device.retired_at is not None:
        raise conflict("The device is retired: it needs no waiver.")
    for each in waivers.active_for(c, granted.device_id, granted.created_at):
        if each.rule_id == granted.rule_id:
            raise conflict("The rule is waived on this device already: end that waiver first.")


def _shown(each: Waiver, call: Call) -> dict[str, Any]:
    return {
        "device_id": each.device_id,
        "rule_id": each.rule_id,
        "reason": each.reason,
        "requested_by": each.requested_by,
        "created_at": each.created_at,
        "ends_at": each.ends_at,
        "in_force": call.now < each.ends_at,
    }
