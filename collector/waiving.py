"""Exceptions are asked for by one person and granted by another; pages, API and commands ask here.

Every function runs in the caller's transaction and leaves all as it was when it raises.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from collector.ingest import rejudge
from collector.policy import RULES
from collector.policy_in_force import policy_in_force
from collector.store import Connection, devices, events, groups, waivers
from collector.store.waivers import Asked, ByOnePerson, Entry, WaiverState
from collector.translation import Text, Words, marked

LONGEST_REASON = 500
ABOUT_TO_END = timedelta(days=14)
MOST_AT_ONCE = 500
STATE_WORDS = Words(
    {
        WaiverState.WAITING: marked("waiting"),
        WaiverState.IN_FORCE: marked("in force"),
        WaiverState.ENDED: marked("ended"),
        WaiverState.REFUSED: marked("refused"),
        WaiverState.WITHDRAWN: marked("withdrawn"),
    }
)
NOT_IN_FORCE = marked("waiver %(number)s is not in force any more, it is %(state)s")
NOT_WAITING = marked("waiver %(number)s is not waiting for a decision any more, it is %(state)s")


class NotWaived(Exception):
    """It cannot be done. `field` names what to change, or is empty; str() says what to do."""

    def __init__(self, field: str, words: str) -> None:
        self.field = field
        super().__init__(words)


class NoSuchThing(NotWaived):
    """The device, group or waiver is not there."""


def last_second(day: str) -> datetime:
    """The end of a day that is written as 2027-01-31, in UTC. Raises NotWaived."""
    try:
        found = date.fromisoformat(day)
        if found.isoformat() != day or found.year >= date.max.year:
            raise ValueError
    except ValueError:
        raise NotWaived(
            "until", Text("%(day)r is not a day: write it as 2027-01-31", day=day[:40])
        ) from None
    return datetime(found.year, found.month, found.day, 23, 59, 59, tzinfo=UTC)


def request(c: Connection, asked: Asked, now: datetime) -> int:
    """Ask for it; the number under which it waits for somebody else. Raises NotWaived."""
    asked = checked(c, asked, now)
    number = waivers.request(c, asked, now)
    detail = f"{asked.rule_id} by {asked.requested_by}, number {number}: {asked.reason}"
    events.add(c, now, "waiver requested", asked.device_id, detail)
    return number


def request_for_all(
    c: Connection, device_ids: Collection[str], asked: Asked, now: datetime
) -> tuple[list[int], dict[str, str]]:
    """Ask for the same on each of these devices, at most MOST_AT_ONCE.

    The numbers of the requests, and by device why there is none. Raises NotWaived where what is
    asked for is wrong for all.
    """
    if not 1 <= len(device_ids) <= MOST_AT_ONCE:
        words = Text("choose 1 to %(most)s devices, or ask for a group", most=MOST_AT_ONCE)
        raise NotWaived("devices", words)
    check_words(c, asked, now)
    made: list[int] = []
    left_out: dict[str, str] = {}
    for device_id in device_ids:
        try:
            made.append(request(c, replace(asked, device_id=device_id, group=""), now))
        except NotWaived as why:
            left_out[device_id] = str(why)
    return made, left_out


def checked(c: Connection, asked: Asked, now: datetime) -> Asked:
    """The request as it will be kept. Raises NotWaived."""
    asked = check_words(c, asked, now)
    _check_target(c, asked)
    waiting = waivers.waiting_for(c, asked, now)
    if waiting:
        raise NotWaived(
            "",
            Text(
                "the same waits for a decision already: see number %(number)s",
                number=waiting[0].number,
            ),
        )
    return asked


def require(c: Connection, number: int, state: WaiverState, now: datetime) -> Entry:
    """The waiver of this number, which must be in this state. Raises NotWaived."""
    entry = waivers.get(c, number)
    if entry is None:
        raise NoSuchThing("", Text("there is no waiver %(number)s", number=number))
    is_now = entry.state(now)
    if is_now is not state:
        words = NOT_IN_FORCE if state is WaiverState.IN_FORCE else NOT_WAITING
        raise NotWaived("", Text(words, number=number, state=Text(STATE_WORDS.source(is_now))))
    return entry


def may_approve(entry: Entry, by: str) -> bool:
    return not waivers.same_person(by, entry.asked.requested_by)


def require_other(entry: Entry, by: str) -> None:
    """Raises NotWaived for who asked for it."""
    if not may_approve(entry, by):
        raise NotWaived(
            "",
            Text(
                "%(who)s asked for waiver %(number)s: somebody else has to approve it",
                who=by,
                number=entry.number,
            ),
        )


def approve(c: Connection, number: int, by: str, now: datetime) -> Entry:
    """Put it in force; what it extends ends. Raises NotWaived."""
    entry = require(c, number, WaiverState.WAITING, now)
    require_other(entry, by)
    _check_target(c, entry.asked)
    try:
        waivers.approve(c, number, by, now)
    except ByOnePerson:
        raise NotWaived("", Text("whoever asked for a waiver cannot approve it")) from None
    _happened(c, "waiver granted", entry, by, now)
    return entry


def refuse(c: Connection, number: int, by: str, now: datetime, remark: str = "") -> Entry:
    """Say no; who asked for it takes it back so. Raises NotWaived."""
    entry = require(c, number, WaiverState.WAITING, now)
    if len(remark) > LONGEST_REASON or not remark.isprintable():
        words = Text("at most %(most)s printable characters in one line", most=LONGEST_REASON)
        raise NotWaived("remark", words)
    waivers.refuse(c, number, by, now, remark)
    word = "waiver refused" if may_approve(entry, by) else "waiver withdrawn"
    _happened(c, word, entry, by, now)
    return entry


def end(c: Connection, number: int, by: str, now: datetime) -> Entry:
    """The finding counts again. Raises NotWaived."""
    entry = require(c, number, WaiverState.IN_FORCE, now)
    waivers.end(c, number, by, now)
    _happened(c, "waiver ended", entry, by, now)
    return entry


def subject(asked: Asked) -> str:
    """What the audit log calls it.

    >>> subject(Asked("r", "", "alice", datetime.max, group="sales"))
    'group:sales'
    """
    return f"group:{asked.group}" if asked.group else f"device:{asked.device_id}"


def told(entry: Asked, number: int = 0) -> dict[str, str]:
    """What the audit log says of it."""
    numbered = {"number": str(number)} if number else {}
    until = f"{entry.ends_at:%Y-%m-%d}"
    return {**numbered, "rule": entry.rule_id, "until": until, "reason": entry.reason}


def check_words(c: Connection, asked: Asked, now: datetime) -> Asked:
    """Rule, reason and end, whatever they are asked for. Raises NotWaived."""
    known = sorted(rule.id for rule in RULES)
    if asked.rule_id not in known:
        rules = ", ".join(known)
        words = Text("no rule %(rule)r; there are %(rules)s", rule=asked.rule_id[:40], rules=rules)
        raise NotWaived("rule", words)
    reason = asked.reason.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        words = Text("say why in 1 to %(most)s printable characters", most=LONGEST_REASON)
        raise NotWaived("reason", words)
    if asked.ends_at.date() < now.date():
        day = f"{asked.ends_at:%Y-%m-%d}"
        words = Text("%(day)s is over: name today or a later day", day=day)
        raise NotWaived("until", words)
    most = policy_in_force(c).longest_waiver_days
    latest = (now + timedelta(days=most)).date()
    if asked.ends_at.date() > latest:
        raise NotWaived(
            "until",
            Text(
                "a waiver lasts %(most)s days at most: name a day up to %(day)s",
                most=most,
                day=f"{latest:%Y-%m-%d}",
            ),
        )
    return replace(asked, reason=reason)


def _check_target(c: Connection, asked: Asked) -> None:
    if asked.group:
        if groups.get(c, asked.group) is None:
            raise NoSuchThing("group", Text("there is no group %(name)r", name=asked.group[:100]))
        return
    device = devices.get(c, asked.device_id)
    if device is None:
        raise NoSuchThing("device", Text("there is no such device"))
    if device.retired_at is not None:
        raise NotWaived("device", Text("the device is retired: it needs no waiver"))


def _happened(c: Connection, kind: str, entry: Entry, by: str, now: datetime) -> None:
    """Kept as an event, and the device judged at once; the members of a group within a minute."""
    asked = entry.asked
    about = f"{asked.group}: " if asked.group else ""
    detail = f"{about}{asked.rule_id} by {by}, number {entry.number}: {asked.reason}"
    events.add(c, now, kind, asked.device_id, detail)
    if asked.device_id:
        rejudge(c, policy_in_force(c), asked.device_id, now)
