"""Which devices fall short, in what, and since when: the worst first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from collector import listing, wording
from collector.accounts.roles import Permission, Role, may
from collector.filtering import WORST_FIRST
from collector.judged import falling_short
from collector.listing import Listed, Question, question_of
from collector.model import Compliance, Device, OpenFinding, Status
from collector.policy import RULES, Policy, title
from collector.store import Connection, devices, tallies
from collector.translation import gettext as _
from collector.translation import language
from collector.veil import unnamed
from collector.web.filters import Choices, choices
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.pages import devices_events
from collector.web.rendering import render
from collector.web.site import Site, site_of

PATH = "/devices"
METHODS = ("GET",)
PERMISSION = Permission.SEE_DEVICES
MOST_PROBLEMS = 3
MOST_CAUSES = 5


@dataclass(frozen=True, slots=True)
class Chip:
    kind: str
    label: str
    meaning: str
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Cause:
    """A rule, and how many devices fail it."""

    title: str
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class Problem:
    because: str
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    href: str
    hostname: str
    short_id: str
    model: str
    state: str
    state_words: str
    problems: tuple[Problem, ...]
    rest: str
    since_at: datetime | None
    os: str
    last_seen_at: datetime | None
    device_id: str
    owner: str


@dataclass(frozen=True, slots=True)
class Context:
    """`empty` is "", "no_devices" (none is enrolled), "no_match" or "no_more"; `partial`: as
    `Listed` says.
    """

    frame: Frame
    question: Question
    chips: tuple[Chip, ...]
    causes: tuple[Cause, ...]
    choices: Choices
    csv_href: str
    bulk_query: str
    may_change: bool
    caption: str
    rows: tuple[Row, ...]
    empty: str
    first_href: str
    next_href: str
    partial: bool
    page_size: int
    events: str
    version: str


def page(request: Request) -> Response:
    site, frame = site_of(request.scope), frame_of(request.scope, _("Devices"))
    role = session_of(request).role
    people = may(role, Permission.SEE_PEOPLE)
    question = question_of(request.query_params, sees_people=people)
    context = site.store.read(lambda c: _context(c, site, frame, question, role))
    return render("devices.html", context)


def _context(c: Connection, site: Site, frame: Frame, question: Question, role: Role) -> Context:
    """As somebody of this role may see it."""
    people = may(role, Permission.SEE_PEOPLE)
    policy = site.policy.current(c)
    stale_after = timedelta(days=policy.stale_after_days)
    counts = devices.count_by_state(c, frame.now, stale_after)
    listed = listing.find(c, question, frame.now, stale_after)
    following = listed.next_question
    ids = [device.device_id for device, _ in listed.devices]
    first = replace(question, after_state=None, after=None)
    return Context(
        frame=frame,
        question=question,
        chips=_chips(counts, question, policy.stale_after_days),
        causes=_causes(tallies.failing(tallies.findings(c))),
        choices=choices(c, question),
        csv_href=first.href("/devices/csv") if may(role, Permission.EXPORT) else "",
        bulk_query=first.href(),
        may_change=may(role, Permission.CHANGE_DEVICES),
        caption=_caption(question),
        rows=_rows(c, listed, policy, frame.now, people=people),
        empty=_empty(counts, listed, question),
        first_href=first.href() if question.after or question.after_state else "",
        next_href=following.href() if following else "",
        partial=listed.partial,
        page_size=listing.PAGE_SIZE,
        events=devices_events.address(ids),
        version=devices_events.version(c, ids),
    )


def _chips(
    counts: Mapping[Compliance, int], question: Question, stale_after_days: int
) -> tuple[Chip, ...]:
    """The fleet by state. A chip shows all it counts: it takes the other filters away."""
    unfiltered = not question.narrows
    chips = [
        Chip(
            kind=state,
            label=wording.STATES[state],
            meaning=wording.meaning(state, stale_after_days),
            count=counts.get(state, 0),
            href=Question(state=state).href(),
            chosen=question.state is state,
        )
        for state in WORST_FIRST
    ]
    every = _("Every device in service.")
    return (*chips, Chip("all", _("All"), every, sum(counts.values()), "/devices", unfiltered))


def _causes(failing: Mapping[str, int]) -> tuple[Cause, ...]:
    """The rules that most devices fail: mending these first mends most."""
    causes = [
        Cause(title(rule.id, language()), failing[rule.id], Question(rule_id=rule.id).href())
        for rule in RULES
        if failing.get(rule.id)
    ]
    return tuple(sorted(causes, key=lambda cause: -cause.count)[:MOST_CAUSES])


def _caption(question: Question) -> str:
    return (
        _("Devices, %(state)s", state=wording.STATES[question.state])
        if question.state
        else _("Devices")
    )


def _empty(counts: Mapping[Compliance, int], listed: Listed, question: Question) -> str:
    if listed.devices or listed.partial:
        return ""
    if not sum(counts.values()):
        return "no_devices"
    return "no_more" if question.after or question.after_state else "no_match"


def _rows(
    c: Connection, listed: Listed, policy: Policy, now: datetime, *, people: bool
) -> tuple[Row, ...]:
    found = falling_short(c, policy, [device for device, _ in listed.devices], now, language())
    if not people:
        found = {name: [unnamed(each) for each in laid] for name, laid in found.items()}
    stale_after = timedelta(days=policy.stale_after_days)
    rows = (
        _row(device, state, found[device.device_id], now, stale_after)
        for device, state in listed.devices
    )
    return tuple(row if people else replace(row, owner="") for row in rows)


def _row(
    device: Device,
    state: Compliance,
    laid: list[OpenFinding],
    now: datetime,
    stale_after: timedelta,
) -> Row:
    failing = [each for each in laid if each.finding.status is Status.FAIL]
    failing.sort(key=lambda each: not each.counts(now))
    unknown = [each for each in laid if each.finding.status is Status.UNKNOWN]
    shown = failing or unknown
    since_at = device.compliance_since
    if state is Compliance.STALE:
        since_at = (device.last_seen_at or device.enrolled_at) + stale_after
    return Row(
        href=f"/devices/{device.device_id}",
        hostname=device.hostname or _("(no name)"),
        short_id=device.device_id[: wording.SHORT_ID],
        model=wording.model_name(device),
        state=state,
        state_words=wording.STATES[state],
        problems=tuple(
            Problem(each.finding.because, wording.note(each, now) if failing else _("unknown"))
            for each in shown[:MOST_PROBLEMS]
        ),
        rest=_rest(
            len(shown) - MOST_PROBLEMS,
            len(unknown) if failing else 0,
            judged=device.last_report_at is not None,
        ),
        since_at=since_at,
        os=wording.os_name(device),
        last_seen_at=device.last_seen_at,
        device_id=device.device_id,
        owner=device.owner,
    )


def _rest(more: int, unknown: int, *, judged: bool) -> str:
    """What the row does not spell out.

    >>> _rest(2, 1, judged=True)
    '2 more, 1 unknown'
    """
    if not judged:
        return _("No report yet")
    parts = [_("%(count)s more", count=more)] if more > 0 else []
    return ", ".join([*parts, _("%(count)s unknown", count=unknown)] if unknown else parts)
