"""Exceptions: asked for with a reason and an end, granted by somebody else, and ended."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool

from collector import waiving
from collector.audit.entry import Action
from collector.store import Connection, waivers
from collector.store.waivers import Asked, Entry, WaiverState
from collector.upkeep import rejudge_due
from collector.waiving import NoSuchThing, NotWaived
from collector.web.api.calls import Call, One, Several
from collector.web.api.problems import Problem, Wrong, conflict, not_found, unfit

ABOUT_TO_END = "about_to_end"
OVER = "over"
ALL = "all"
STATES = (WaiverState.WAITING.value, WaiverState.IN_FORCE.value, ABOUT_TO_END, OVER, ALL)
FIELDS = {"rule": "rule_id", "until": "until", "reason": "reason", "remark": "remark"}
NEWEST = 2**53
LONGEST_CURSOR = 40


async def list_waivers(call: Call) -> Several:
    state, limit = call.query["state"], call.query["limit"]
    found = await call.read(lambda c: _listed(c, call, state, limit + 1))
    page = found[:limit]
    following = _cursor(state, page[-1]) if len(found) > limit else None
    return Several([_shown(each, call.now) for each in page], following)


def _listed(c: Connection, call: Call, state: str, limit: int) -> list[Entry]:
    at, number = _after(call)
    if state == WaiverState.WAITING:
        return waivers.waiting(c, call.now, number, limit)
    if state == OVER:
        return waivers.over(c, call.now, number or NEWEST, limit)
    if state == ALL:
        return waivers.every(c, number or NEWEST, limit)
    until = call.now + waiving.ABOUT_TO_END if state == ABOUT_TO_END else None
    return waivers.in_force(c, call.now, until, (at, number) if at else None, limit)


def _cursor(state: str, last: Entry) -> str:
    by_end = state in (WaiverState.IN_FORCE, ABOUT_TO_END)
    return f"{last.number}.{int(last.asked.ends_at.timestamp()) if by_end else 0}"


def _after(call: Call) -> tuple[datetime | None, int]:
    """Where the page before ended. Raises Problem."""
    cursor = call.query["cursor"]
    if not cursor:
        return None, 0
    number, _, seconds = cursor.partition(".")
    if not (number.isdigit() and seconds.isdigit() and cursor.isascii()) or len(cursor) > 30:
        what = "give `next` of the page before as it was, or leave it out"
        raise unfit([Wrong("cursor", what)])
    at = datetime.fromtimestamp(min(int(seconds), NEWEST // 10**6), call.now.tzinfo)
    return at if int(seconds) else None, min(int(number), NEWEST)


async def request(call: Call) -> One:
    """For the device of the path, or for the group that the body names."""
    body = call.body
    asked = Asked(
        body["rule_id"],
        body["reason"],
        call.bearer.username,
        body["until"],
        call.path.get("device_id", ""),
        body.get("group", ""),
    )
    asked = await _possible(call, lambda c: waiving.checked(c, asked, call.now))

    def write(c: Connection) -> Entry:
        number = waiving.request(c, asked, call.now)
        return waiving.require(c, number, WaiverState.WAITING, call.now)

    subject, told = waiving.subject(asked), waiving.told(asked)
    return await _done(call, Action.WAIVER_REQUESTED, subject, told, write)


async def approve(call: Call) -> One:
    def possible(c: Connection) -> Entry:
        entry = waiving.require(c, _number(call), WaiverState.WAITING, call.now)
        waiving.require_other(entry, call.bearer.username)
        return entry

    return await _decided(call, Action.WAIVER_GRANTED, possible, waiving.approve)


async def refuse(call: Call) -> One:
    def possible(c: Connection) -> Entry:
        return waiving.require(c, _number(call), WaiverState.WAITING, call.now)

    remark = call.body["remark"]
    return await _decided(
        call,
        Action.WAIVER_REFUSED,
        possible,
        lambda c, number, by, now: waiving.refuse(c, number, by, now, remark),
    )


async def withdraw(call: Call) -> One:
    """Only one's own; another's is not there for who may only ask."""

    def possible(c: Connection) -> Entry:
        entry = waiving.require(c, _number(call), WaiverState.WAITING, call.now)
        if waiving.may_approve(entry, call.bearer.username):
            raise NoSuchThing("", "it is another's")
        return entry

    return await _decided(call, Action.WAIVER_REFUSED, possible, waiving.refuse)


async def end(call: Call) -> One:
    def possible(c: Connection) -> Entry:
        return waiving.require(c, _number(call), WaiverState.IN_FORCE, call.now)

    return await _decided(call, Action.WAIVER_ENDED, possible, waiving.end)


async def _decided(
    call: Call,
    action: Action,
    possible: Callable[[Connection], Entry],
    change: Callable[[Connection, int, str, datetime], Entry],
) -> One:
    number, by, now = _number(call), call.bearer.username, call.now
    entry = await _possible(call, possible)

    def write(c: Connection) -> Entry:
        change(c, number, by, now)
        after = waivers.get(c, number)
        assert after is not None, "it was changed in this transaction"
        return after

    subject = waiving.subject(entry.asked)
    done = await _done(call, action, subject, waiving.told(entry.asked, number), write)
    if entry.asked.group:
        await run_in_threadpool(rejudge_due, call.site.store, call.site.clock)
    return done


async def _done(
    call: Call,
    action: Action,
    subject: str,
    told: dict[str, str],
    write: Callable[[Connection], Entry],
) -> One:
    try:
        return One(_shown(await call.change(action, subject, told, write), call.now))
    except NotWaived as error:  # it has changed since it was looked at
        raise _problem(error) from None


async def _possible(call: Call, ask: Callable[[Connection], Any]) -> Any:
    try:
        return await call.read(ask)
    except NotWaived as error:
        raise _problem(error) from None


def _problem(error: NotWaived) -> Problem:
    if isinstance(error, NoSuchThing):
        return not_found()
    if error.field in FIELDS:
        return unfit([Wrong(FIELDS[error.field], str(error))])
    words = str(error)
    return conflict(f"{words[:1].upper()}{words[1:]}.")


def _number(call: Call) -> int:
    return int(call.path["number"])


def _shown(each: Entry, now: datetime) -> dict[str, Any]:
    asked, state = each.asked, each.state(now)
    return {
        "number": each.number,
        "state": state,
        "device_id": asked.device_id,
        "group": asked.group,
        "rule_id": asked.rule_id,
        "reason": asked.reason,
        "requested_by": asked.requested_by,
        "requested_at": each.requested_at,
        "ends_at": asked.ends_at,
        "decided_by": each.decided_by,
        "decided_at": each.decided_at,
        "remark": each.remark,
        "ended_by": each.ended_by,
        "ended_at": each.ended_at,
        "in_force": state is WaiverState.IN_FORCE,
    }
