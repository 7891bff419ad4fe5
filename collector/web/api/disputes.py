"""Checks that are doubted, and what a person decides about them: as at /disputes."""

from typing import Any

from collector import doubting
from collector.audit.entry import Action
from collector.doubting import Decision
from collector.incidents.handling import NotPossible
from collector.store import Connection, disputes
from collector.store.disputes import Dispute
from collector.web.api.calls import Call, One, Several
from collector.web.api.problems import conflict, not_found


async def list_disputes(call: Call) -> Several:
    found = await call.read(lambda c: disputes.newest(c, call.query["limit"]))
    return Several([_shown(each) for each in found])


async def resolve(call: Call) -> One:
    """What cannot be done is not written down."""
    number, body = int(call.path["number"]), call.body
    decision = Decision(
        body["decision"],
        body["until"].strip(),
        body["reason"],
        call.bearer.username,
        call.now,
        body["seen"],
    )

    def possible(c: Connection) -> Dispute:
        if disputes.get(c, number) is None:
            raise not_found()
        return doubting.checked(c, number, decision)

    def write(c: Connection) -> Dispute:
        doubting.resolve(c, number, decision)
        after = disputes.get(c, number)
        assert after is not None, "it was decided about in this transaction"
        return after

    told = {
        "decision": decision.state,
        "until": decision.until_version,
        "reason": decision.reason,
    }
    try:
        await call.read(possible)
        subject = f"dispute:{number}"
        return One(_shown(await call.change(Action.DISPUTE_RESOLVED, subject, told, write)))
    except NotPossible as error:
        raise conflict(f"{error}.") from None


def _shown(each: Dispute) -> dict[str, Any]:
    return {
        "number": each.number,
        "rule_id": each.rule_id,
        "where": each.place.value,
        "opened_at": each.opened_at,
        "turned": each.turned,
        "devices": each.population,
        "state": each.state,
        "until_version": each.until_version,
        "reason": each.reason,
        "resolved_by": each.resolved_by,
        "resolved_at": each.resolved_at,
        "seen": each.version,
    }
