"""Which devices a list shows: what was asked for, worst first, in a constant number of queries."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from collector.model import Compliance, Device, Platform, Status
from collector.store import Connection, devices
from collector.store.devices import DeviceFilter

WORST_FIRST = (
    Compliance.NON_COMPLIANT,
    Compliance.UNKNOWN,
    Compliance.STALE,
    Compliance.COMPLIANT,
)
LONGEST_TEXT = 200
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Question:
    """What the address asks for. A value that means nothing is as if it were not there.

    `status` and `cause` say what the rule must have said, where it is not just any failure.
    `after_state` and `after` say where the previous page ended.
    """

    text: str = ""
    state: Compliance | None = None
    platform: Platform | None = None
    rule_id: str = ""
    status: Status | None = None
    cause: str | None = None
    after_state: Compliance | None = None
    after: tuple[str, str] | None = None

    @property
    def narrows(self) -> bool:
        return bool(self.text or self.state or self.platform or self.rule_id)

    def href(self) -> str:
        values = {
            "q": self.text,
            "state": self.state,
            "platform": self.platform,
            "rule": self.rule_id,
            "status": self.status,
            "from": self.after_state,
            "name": self.after[0] if self.after else "",
            "id": self.after[1] if self.after else "",
        }
        given = {name: value for name, value in values.items() if value}
        if self.cause is not None:  # an empty one is one, too
            given["cause"] = self.cause
        query = urlencode(given)
        return f"/devices?{query}" if query else "/devices"


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of devices, each with its state, and the question that asks for the next."""

    devices: tuple[tuple[Device, Compliance], ...]
    next_question: Question | None


def question_of(params: QueryParams) -> Question:
    state = params.get("state", "")
    platform = params.get("platform", "")
    after_state = params.get("from", "")
    status, rule_id = params.get("status", ""), params.get("rule", "")[:LONGEST_TEXT]
    return Question(
        text=_printable(params.get("q", "")[:LONGEST_TEXT]).strip(),
        state=Compliance(state) if state in set(Compliance) else None,
        platform=Platform(platform) if platform in set(Platform) else None,
        rule_id=rule_id,
        status=Status(status) if status in set(Status) else None,
        cause=params["cause"][:LONGEST_TEXT] if "cause" in params and rule_id else None,
        after_state=Compliance(after_state) if after_state in set(Compliance) else None,
        after=_after(params),
    )


def find(
    c: Connection,
    question: Question,
    now: datetime,
    stale_after: timedelta,
    size: int = PAGE_SIZE,
) -> Listed:
    """At most one query a state: those of the worst state first, by name within a state."""
    states = [question.state] if question.state else list(WORST_FIRST)
    if question.after_state in states:
        states = states[states.index(question.after_state) :]
    found: list[tuple[Device, Compliance]] = []
    for state in states:
        after = question.after if state is question.after_state else None
        room = size - len(found)
        page = devices.find(c, wanted(question, state, after, room), now, stale_after)
        found += [(device, state) for device in page.devices]
        if page.next_after:
            following = replace(question, after_state=state, after=page.next_after)
            return Listed(tuple(found), following)
        if len(found) == size and state is not states[-1]:
            rest = states[states.index(state) + 1]
            return Listed(tuple(found), replace(question, after_state=rest, after=None))
    return Listed(tuple(found), None)


def wanted(
    question: Question, state: Compliance | None, after: tuple[str, str] | None, limit: int
) -> DeviceFilter:
    """The part of the question that the store answers."""
    return DeviceFilter(
        state=state,
        platform=question.platform,
        text=question.text,
        rule_id=question.rule_id,
        status=question.status or Status.FAIL,
        cause=question.cause,
        after=after,
        limit=limit,
    )


def _after(params: QueryParams) -> tuple[str, str] | None:
    """Where the previous page ended: a host name, which may be empty, and a device id."""
    device_id = params.get("id", "")[:LONGEST_TEXT]
    return (params.get("name", "")[: 10 * LONGEST_TEXT], device_id) if device_id else None


def _printable(text: str) -> str:
    """Without control characters: the store's text search ends at a NUL."""
    return "".join(character for character in text if character.isprintable())
