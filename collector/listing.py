"""Which devices a list shows: what was asked for, worst first, in a constant number of queries."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from collector.compliance import compliance_at
from collector.filtering import EITHER, FILTERS, LONGEST_TEXT, NOBODY, WORST_FIRST
from collector.model import Compliance, Device, Platform, Status
from collector.store import Connection, devices
from collector.store.device_order import NAME, WORST, place_in
from collector.store.devices import DeviceFilter

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a field for each of `FILTERS`, empty where nothing is.

    `status` and `cause` say what the rule must have said, where it is not just any failure; a
    `cause` of "" is one, too. `owner` is an address, or "none" for devices without one. `seen` is
    "over-7" (not heard of for 7 days or longer) or "within-7". `sort` is empty for the worst state
    first. `after_state` and `after` say where the previous page ended.
    """

    text: str = ""
    state: Compliance | None = None
    platform: Platform | None = None
    rule_id: str = ""
    signal: str = ""
    status: str = ""
    cause: str | None = None
    group: str = ""
    owner: str = ""
    seen: str = ""
    sort: str = ""
    after_state: Compliance | None = None
    after: tuple[str, str] | None = None
    sees_people: bool = False

    @property
    def narrows(self) -> bool:
        return any(getattr(self, each.field) for each in FILTERS if each.field != "sort")

    def href(self, path: str = "/devices") -> str:
        """The address that asks this: it can be kept as a bookmark."""
        values = {each.key: getattr(self, each.field) for each in FILTERS}
        values |= {
            "from": self.after_state,
            "name": self.after[0] if self.after else "",
            "id": self.after[1] if self.after else "",
        }
        given = {name: value for name, value in values.items() if value}
        if self.cause is not None:  # an empty one is one, too
            given["cause"] = self.cause
        query = urlencode(given)
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of devices, each with its state, and the question that asks for the next.

    `partial`: more devices may belong on this page; finding them would have taken too long.
    """

    devices: tuple[tuple[Device, Compliance], ...]
    next_question: Question | None
    partial: bool = False


def question_of(params: Mapping[str, str], *, sees_people: bool = False) -> Question:
    """What the address asks; a value that means nothing is as if it were not there.

    Whoever may not see people cannot ask by owner: it is as if it were not asked.
    """
    asked: dict[str, str] = {}
    for each in FILTERS:
        try:
            asked[each.name] = each.value(params.get(each.key, ""))
        except ValueError:
            asked[each.name] = ""
    if "cause" not in params:
        del asked["cause"]
    after_state = params.get("from", "")
    return replace(
        asking(asked, sees_people=sees_people),
        after_state=Compliance(after_state) if after_state in set(Compliance) else None,
        after=_after(params),
    )


def asking(values: Mapping[str, str], *, sees_people: bool) -> Question:
    """The question of these values, by the name of the filter, each as `Filter.value` gives it."""
    held: dict[str, Any] = {f.field: values[f.name] for f in FILTERS if f.name in values}
    return Question(
        **held
        | {
            "state": Compliance(held["state"]) if held.get("state") else None,
            "platform": Platform(held["platform"]) if held.get("platform") else None,
            "owner": held.get("owner", "").casefold() if sees_people else "",
            "cause": held.get("cause") if held.get("rule_id") else None,
            "sees_people": sees_people,
        }
    )


def find(
    c: Connection,
    question: Question,
    now: datetime,
    stale_after: timedelta,
    size: int = PAGE_SIZE,
) -> Listed:
    """One query when few devices may be meant; else at most one a state: those of the worst
    state first, by name within a state. Or in the order that is asked for.
    """
    if question.sort:
        return _sorted(c, question, now, stale_after, size)
    every = wanted(question, question.state, None, size, now)
    ids = devices.few(c, every, now - stale_after)
    if ids is not None:
        return _of_few(c, question, replace(every, order=WORST), ids, (now, stale_after))
    return _by_state(c, question, now, stale_after, size)


def _of_few(
    c: Connection,
    question: Question,
    asked: DeviceFilter,
    ids: tuple[str, ...],
    at: tuple[datetime, timedelta],
) -> Listed:
    now, stale_after = at
    if question.after_state is not None:
        place = place_in(question.after_state, *(question.after or ("", "")))
        asked = replace(asked, after=place)
    page = devices.find_among(c, asked, ids, now - stale_after)
    found = tuple((each, compliance_at(each, now, stale_after)) for each in page.devices)
    if page.next_after is None:
        return Listed(found, None)
    last, state = found[-1]
    after = (last.hostname, last.device_id)
    return Listed(found, replace(question, after_state=state, after=after))


def _by_state(
    c: Connection, question: Question, now: datetime, stale_after: timedelta, size: int
) -> Listed:
    states = [question.state] if question.state else list(WORST_FIRST)
    if question.after_state in states:
        states = states[states.index(question.after_state) :]
    found: list[tuple[Device, Compliance]] = []
    for state in states:
        after = question.after if state is question.after_state else None
        room = size - len(found)
        page = devices.walk(c, wanted(question, state, after, room, now), now, stale_after)
        found += [(device, state) for device in page.devices]
        if page.next_after:
            following = replace(question, after_state=state, after=page.next_after)
            return Listed(tuple(found), following, partial=len(found) < size)
        if len(found) == size and state is not states[-1]:
            rest = states[states.index(state) + 1]
            return Listed(tuple(found), replace(question, after_state=rest, after=None))
    return Listed(tuple(found), None)


def _sorted(
    c: Connection, question: Question, now: datetime, stale_after: timedelta, size: int
) -> Listed:
    asked = wanted(question, question.state, question.after, size, now)
    page = devices.find(c, asked, now, stale_after)
    found = tuple((each, compliance_at(each, now, stale_after)) for each in page.devices)
    if page.next_after is None:
        return Listed(found, None)
    following = replace(question, after=page.next_after)
    return Listed(found, following, partial=len(found) < size)


def wanted(
    question: Question,
    state: Compliance | None,
    after: tuple[str, str] | None,
    limit: int,
    now: datetime,
) -> DeviceFilter:
    """The part of the question that the store answers."""
    kind, _, days = question.seen.partition("-")
    status = Status(question.status or Status.FAIL) if question.status != EITHER else None
    ago = now - timedelta(days=int(days)) if days else None
    return DeviceFilter(
        state=state,
        platform=question.platform,
        text=question.text,
        rule_id=question.rule_id,
        signal=question.signal,
        status=status,
        cause=question.cause,
        group=question.group,
        owner=None if not question.owner else "" if question.owner == NOBODY else question.owner,
        text_of_owner=question.sees_people,
        seen_before=ago if kind == "over" else None,
        seen_since=ago if kind == "within" else None,
        order=question.sort or NAME,
        after=after,
        limit=limit,
    )


def _after(params: Mapping[str, str]) -> tuple[str, str] | None:
    """Where the previous page ended: a host name, which may be empty, and a device id."""
    device_id = params.get("id", "")[:LONGEST_TEXT]
    return (params.get("name", "")[: 10 * LONGEST_TEXT], device_id) if device_id else None
