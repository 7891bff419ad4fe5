"""The policy: read, checked, tried on what is known, and put in force."""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool

from collector import applying
from collector.applying import Overtaken, SaysTheSame
from collector.audit.entry import Action
from collector.policy import Policy, PolicyError, load
from collector.policy.differences import differences
from collector.store import Connection, policies
from collector.store.policies import StoredPolicy
from collector.trial import DeviceChange, try_policy
from collector.web.api.calls import Call, One, Several
from collector.web.api.problems import Problem, Wrong, conflict, not_found, too_many, unfit

MOST_CHANGES = 500
NAME = "text"


async def in_force(call: Call) -> One:
    stored = await call.read(policies.current)
    if stored is None:
        raise not_found()
    return One(asdict(stored))


async def versions(call: Call) -> Several:
    return Several([_without_text(each) for each in await call.read(policies.history)])


async def one_version(call: Call) -> One:
    version = int(call.path["version"])
    for each in await call.read(policies.history):
        if each.version == version:
            return One(asdict(each))
    raise not_found()


async def check(call: Call) -> One:
    try:
        await run_in_threadpool(load, call.body["text"], NAME)
    except PolicyError as error:
        return One({"sound": False, "problems": [asdict(each) for each in error.problems]})
    return One({"sound": True, "problems": []})


class Trials:
    """One trial at a time: each judges the whole fleet."""

    def __init__(self) -> None:
        self._busy = asyncio.Lock()

    async def try_(self, call: Call) -> One:
        policy = await _sound(call)
        if self._busy.locked():
            raise too_many(30, "Another policy is being tried: try again in half a minute.")
        async with self._busy:
            return One(await run_in_threadpool(_trial, call, policy))


def _trial(call: Call, policy: Policy) -> dict[str, Any]:
    devices = changing = 0
    changes: list[dict[str, Any]] = []
    now = call.now
    for each in try_policy(call.site.store, policy, now):
        devices += 1
        if each.changes:
            changing += 1
            if len(changes) < MOST_CHANGES:
                changes.append(_tried(each))
    return {"as_of": now, "devices": devices, "changing": changing, "changes": changes}


async def apply(call: Call) -> One:
    """Put in force; the running collector judges every device by it within a minute."""
    await _sound(call)
    text, reason, by, now = call.body["text"], call.body["reason"], call.bearer.username, call.now
    expected = call.body["expect_version"]
    await _possible(call, text, expected)

    def put_in_force(c: Connection) -> StoredPolicy:
        return applying.put_in_force(c, text, now, by, reason, expected)

    told = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "reason": reason}
    try:
        stored = await call.change(Action.POLICY_APPLIED, "policy", told, put_in_force)
    except (Overtaken, SaysTheSame) as error:
        raise _refused(error) from None
    return One(_without_text(stored))


async def diff(call: Call) -> One:
    """By key, against the version that is named, or the one in force."""
    wanted = await _sound(call)
    version = call.body["version"]

    def held(c: Connection) -> Policy:
        if version == applying.NO_VERSION:
            return call.site.policy.current(c)
        text = policies.text_of(c, version)
        if text is None:
            raise not_found()
        return load(text, NAME, version)

    before = await call.read(held)
    changes = [asdict(each) for each in differences(before, wanted)]
    return One({"version": before.version, "differences": changes})


async def _possible(call: Call, text: str, expected: int) -> None:
    try:
        await call.read(lambda c: applying.check(c, text, expected))
    except (Overtaken, SaysTheSame) as error:
        raise _refused(error) from None


def _refused(error: Exception) -> Problem:
    words = str(error)
    return conflict(f"{words[:1].upper()}{words[1:]}.")


async def _sound(call: Call) -> Policy:
    version = await call.read(policies.current_version) + 1
    try:
        return await run_in_threadpool(load, call.body["text"], NAME, version)
    except PolicyError as error:
        raise unfit(list(_wrong(error))) from None


def _wrong(error: PolicyError) -> Iterator[Wrong]:
    for each in error.problems:
        place = f"text:{each.line}" if each.line else "text"
        yield Wrong(place, ": ".join(filter(None, (each.key, each.message))))


def _without_text(stored: StoredPolicy) -> dict[str, Any]:
    values = asdict(stored)
    del values["text"]
    return values


def _tried(change: DeviceChange) -> dict[str, Any]:
    sides = [found.after or found.before for found in change.findings]
    return {
        "device_id": change.device.device_id,
        "hostname": change.device.hostname,
        "compliance_before": change.before,
        "compliance_after": change.after,
        "rules": [side.finding.rule_id for side in sides if side is not None],
    }
