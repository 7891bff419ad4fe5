"""Whose the devices are: people with their devices, and what does not fit together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.roles import Permission, may
from collector.model import Device
from collector.store import Connection, person_search, persons
from collector.store.person_search import Gaps, PersonFilter
from collector.store.persons import Person
from collector.translation import gettext as _
from collector.translation import marked
from collector.web.frame import Frame, frame_of
from collector.web.guard import session_of
from collector.web.rendering import render
from collector.web.site import Site, site_of
from collector.web.states import Shown, shown

PATH = "/people"
METHODS = ("GET",)
PERMISSION = Permission.SEE_PEOPLE
PAGE_SIZE = 50
LONGEST_TEXT = 200
MOST_DEVICES = 5
ONLY = {
    "": marked("Everybody"),
    "without_device": marked("Without a device"),
    "left_reporting": marked("Left, and the device still reports"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    href: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A number and the list of what it counts; `is_more`: there are more than that."""

    href: str
    label: str
    count: int
    is_more: bool


@dataclass(frozen=True, slots=True)
class Row:
    href: str
    person: Person
    has_left: bool
    devices: tuple[Shown, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Context:
    """`empty` is "", "nobody" (nobody is known), "no_match" or "no_more"."""

    frame: Frame
    text: str
    only: str
    choices: tuple[Choice, ...]
    gaps: tuple[Gap, ...]
    rows: tuple[Row, ...]
    empty: str
    next_href: str
    may_import: bool


def page(request: Request) -> Response:
    site, frame = site_of(request.scope), frame_of(request.scope, _("People"))
    wanted = _wanted(request.query_params)
    may_import = may(session_of(request).role, Permission.MANAGE_PEOPLE)
    context = site.store.read(lambda c: _context(c, site, frame, wanted, may_import=may_import))
    return render("people.html", context)


def href_of(email: str) -> str:
    """The page of a person."""
    return f"/people/person/{quote(email)}"


def _wanted(asked: QueryParams) -> PersonFilter:
    """A value that means nothing is as if it were not there."""
    text = "".join(each for each in asked.get("q", "")[:LONGEST_TEXT] if each.isprintable())
    only = asked.get("only", "")
    after = "".join(each for each in asked.get("after", "")[:300] if each.isprintable())
    return PersonFilter(text.strip(), only if only in ONLY else "", after, PAGE_SIZE)


def _context(
    c: Connection, site: Site, frame: Frame, wanted: PersonFilter, *, may_import: bool
) -> Context:
    found = person_search.find(c, wanted, frame.now)
    owning = [each.email for each in found.persons if each.devices]
    owned = persons.devices_of_many(c, owning, MOST_DEVICES)
    stale_after = timedelta(days=site.policy.current(c).stale_after_days)
    rows = tuple(
        _row(each, owned.get(each.email, ()), frame.now, stale_after) for each in found.persons
    )
    kept = {"q": wanted.text, "only": wanted.only}
    choices = tuple(
        Choice(_href({**kept, "only": name}), _(words), name == wanted.only)
        for name, words in ONLY.items()
    )
    empty = ""
    if not rows:
        narrows = wanted.text or wanted.only
        empty = "no_more" if wanted.after else "no_match" if narrows else "nobody"
    return Context(
        frame=frame,
        text=wanted.text,
        only=wanted.only,
        choices=choices,
        gaps=_gaps(person_search.count_gaps(c, frame.now)),
        rows=rows,
        empty=empty,
        next_href=_href({**kept, "after": found.next_after}) if found.next_after else "",
        may_import=may_import,
    )


def _gaps(found: Gaps) -> tuple[Gap, ...]:
    most = person_search.MOST_COUNTED
    return (
        _gap(
            "/devices?owner=none",
            _("Devices without an owner"),
            found.devices_without_owner,
            most,
        ),
        _gap(
            _href({"only": "without_device"}),
            _("People without a device"),
            found.people_without_device,
            most,
        ),
        _gap(
            _href({"only": "left_reporting"}),
            _("Left, and the device still reports"),
            found.leavers_reporting,
            person_search.MOST_LEAVERS,
        ),
    )


def _gap(href: str, label: str, count: int, most: int) -> Gap:
    return Gap(href, label, min(count, most), count > most)


def _row(person: Person, mine: Sequence[Device], now: datetime, stale_after: timedelta) -> Row:
    return Row(
        href=href_of(person.email),
        person=person,
        has_left=person.left_at is not None and person.left_at <= now,
        devices=tuple(shown(each, now, stale_after) for each in mine),
        more=max(0, person.devices - MOST_DEVICES),
    )


def _href(values: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in values.items() if value})
    return f"/people?{query}" if query else "/people"
