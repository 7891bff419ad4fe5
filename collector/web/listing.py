"""Which devices a list shows: what was asked for, worst first, in a constant number of queries."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from collector.compliance import compliance_at
from collector.model import Compliance, Device, Platform, Status
from collector.store import Connection, devices
from collector.store.device_order import NAME, ORDERS, STATES, WORST, place_in
from collector.store.devices import DeviceFilter

WORST_FIRST = STATES
LONGEST_TEXT = 200
LONGEST_EMAIL = 254
NOBODY = "none"
SEEN = re.compile(r"(over|within)-[0-9]{1,4}")
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Question:
    """What the address asks for. A value that means nothing is as if it were not there.

    `status` and `cause` say what the rule must have said, where it is not just any failure.
    `owner` is an address, or "none" for devices without one. `seen` is "over-7" (not heard of for
    7 days or longer) or "within-7". `sort` is empty for the worst state first. `after_state` and
    `after` say where the previous page ended.
    """

    text: str = ""
    state: Compliance | None = None
    platform: Platform | None = None
    rule_id: str = ""
    status: Status | None = None
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
        asked = (self.text, self.state, self.platform, self.rule_id)
        return any((*asked, self.group, self.owner, self.seen))

    def href(self, path: str = "/devices") -> str:
        """The address that asks this: it can be kept as a bookmark."""
        values = {
            "q": self.text,
            "state": self.state,
            "platform": self.platform,
            "rule": self.rule_id,
            "status": self.status,
            "group": self.group,
            "owner": self.owner,
            "seen": self.seen,
            "sort": self.sort,
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


def question_of(params: QueryParams, *, sees_people: bool = False) -> Question:
    """Whoever may not see people cannot ask by owner: it is as if it were not asked."""
    asked = _question_of(params)
    if sees_people:
        return replace(asked, sees_people=True)
    return replace(asked, owner="")


def _question_of(params: QueryParams) -> Question:
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
        group=_printable(params.get("group", "")[:LONGEST_TEXT]),
        owner=_printable(params.get("owner", "")[:LONGEST_EMAIL]).strip().casefold(),
        seen=params.get("seen", "") if SEEN.fullmatch(params.get("seen", "")) else "",
        sort=params.get("sort", "") if params.get("sort", "") in ORDERS else "",
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
    ago = now - timedelta(days=int(days)) if days else None
    return DeviceFilter(
        state=state,
        platform=question.platform,
        text=question.text,
        rule_id=question.rule_id,
        status=question.status or Status.FAIL,
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


def _after(params: QueryParams) -> tuple[str, str] | None:
    """Where the previous page ended: a host name, which may be empty, and a device id."""
    device_id = params.get("id", "")[:LONGEST_TEXT]
    return (params.get("name", "")[: 10 * LONGEST_TEXT], device_id) if device_id else None


def _printable(text: str) -> str:
    """Without control characters: the store's text search ends at a NUL."""
    return "".join(character for character in text if character.isprintable())
