"""Whose a device is, its groups, what happened to it, and what may be decided, for its page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from collector import deciding, wording
from collector.accounts.roles import Permission, Role, may
from collector.model import Device, Status
from collector.policy import title
from collector.store import Connection, groups, persons, timeline
from collector.store.columns import EPOCH, MILLISECOND
from collector.store.timeline import Enrolled, Given, Happened, Judged, Lapsed, Moment, Silent
from collector.translation import gettext as _
from collector.translation import language, marked
from collector.translation.sentences import told_again
from collector.veil import names_people
from collector.web.pages.people import href_of

NEWEST = 12
MOST_GROUPS = 50
SOON = timedelta(seconds=1)
KINDS = {
    "waiver granted": marked("Waiver granted"),
    "waiver ended": marked("Waiver ended"),
    "released": marked("Released from quarantine"),
    "retired": marked("Retired"),
    "continues": marked("The same laptop as before, installed anew"),
    "continued": marked("Installed anew"),
    "groups changed": marked("Groups changed"),
    "same hardware": marked("Same hardware as another device"),
    "hardware changed": marked("The hardware changed"),
    "sequence clash": marked("A check-in came twice and differed"),
}
DONE = {
    "owner": marked("The owner is set."),
    "groups": marked("The groups are set."),
    "release": marked("The quarantine has ended: its next report is judged."),
    "continue": marked("The two are one laptop: the earlier one is retired."),
    "retire": marked("The device is retired; its certificates are revoked."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One moment of the history; `kind` is a status, or empty."""

    at: datetime
    kind: str
    words: str
    detail: str


@dataclass(frozen=True, slots=True)
class Said:
    """What the page says about a change: that it is done, or what is wrong with what was typed."""

    done: str = ""
    error: str = ""
    owner: str | None = None
    groups: str | None = None


@dataclass(frozen=True, slots=True)
class Care:
    """What somebody of a role sees and may do; `owner` is empty where it may not be seen."""

    version: str
    here: str
    sees_people: bool
    owner: str
    owner_href: str
    owner_words: str
    groups: tuple[str, ...]
    known_groups: tuple[str, ...]
    may_change: bool
    may_release: bool
    may_retire: bool
    may_forget: bool
    typed_owner: str
    typed_groups: str
    done: str
    error: str
    history: tuple[Line, ...]
    history_href: str


def caring(c: Connection, device: Device, role: Role, said: Said, now: datetime) -> Care:
    here, serving = f"/devices/{device.device_id}", device.retired_at is None
    sees = may(role, Permission.SEE_PEOPLE)
    mine = groups.groups_of(c, device.device_id)
    owner = device.owner if sees else ""
    changes = serving and may(role, Permission.CHANGE_DEVICES)
    moments = timeline.page(c, device.device_id, now + SOON, NEWEST)
    return Care(
        version=deciding.version(c, device),
        here=here,
        sees_people=sees,
        owner=owner,
        owner_href=href_of(owner) if owner else "",
        owner_words=_whose(c, owner, now),
        groups=tuple(mine),
        known_groups=tuple(each.name for each in groups.find(c, limit=MOST_GROUPS).groups),
        may_change=changes,
        may_release=changes and bool(device.quarantined_because),
        may_retire=serving and may(role, Permission.RETIRE_DEVICES),
        may_forget=may(role, Permission.RETIRE_DEVICES),
        typed_owner=device.owner if said.owner is None else said.owner,
        typed_groups=" ".join(mine) if said.groups is None else said.groups,
        done=said.done,
        error=said.error,
        history=tuple(line(each, sees_people=sees) for each in moments.moments),
        history_href=f"{here}/history?before={written(moments.next_before)}"
        if moments.next_before
        else "",
    )


def _whose(c: Connection, owner: str, now: datetime) -> str:
    person = persons.get(c, owner) if owner else None
    if person is None:
        return owner
    name = person.name or person.email
    if person.left_at is not None and person.left_at <= now:
        return _("%(name)s, who left on %(day)s", name=name, day=wording.day(person.left_at, now))
    return name


def line(moment: Moment, *, sees_people: bool) -> Line:
    """As it is read; whoever may not see people reads that it happened, and not about whom."""
    match moment:
        case Judged(at, rule_id, status, because, told):
            named, stands = title(rule_id, language()), wording.STATUSES[status]
            words = _("%(rule)s: %(status)s", rule=named, status=stands)
            shown = status in (Status.FAIL, Status.UNKNOWN)
            shown = shown and (sees_people or not names_people(rule_id))
            return Line(at, status, words, told_again(told, because, language()) if shown else "")
        case Given(at, email, by):
            to = email if sees_people else _("somebody")
            words = _("Given to %(owner)s", owner=to) if email else _("Without an owner")
            return Line(at, "", words, _("by %(name)s", name=by))
        case Lapsed(at, rule_id, number, group):
            about = _("%(rule)s, number %(number)s", rule=title(rule_id, language()), number=number)
            detail = f"{group}: {about}" if group else about
            return Line(at, "", _("Waiver ended by itself"), detail)
        case Silent(at, until_at):
            until = wording.exact(until_at)
            return Line(at, "stale", _("Not heard of until %(at)s", at=until), "")
        case Enrolled(at):
            return Line(at, "", _("Enrolled"), "")
        case Happened(at, kind, detail):
            known = KINDS.get(kind)
            return Line(at, "", _(known) if known else wording.capital(kind), detail)


def written(at: datetime) -> str:
    """A moment as it stands in an address: milliseconds since 1970."""
    return str((at - EPOCH) // MILLISECOND)


def moment_of(text: str, otherwise: datetime) -> datetime:
    """The moment that an address names; what means nothing is as if it were not there."""
    if not text.isascii() or not text.isdigit() or len(text) > 14:
        return otherwise
    return EPOCH + int(text) * MILLISECOND
