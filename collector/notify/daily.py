"""Once a day, at the hour of the policy: how the fleet is, what waits for each person, what ends.

The day is kept with the messages it put out, in one transaction for each part: a crash between two
of them neither skips anybody nor tells anybody twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from collector.judged import laid_over
from collector.model import Compliance, Language, OpenFinding, Status
from collector.notify.failing import fails_on, language_of, sound_address
from collector.notify.hours import digest_day
from collector.policy import RULES, Owners, Policy, title
from collector.store import (
    Connection,
    Store,
    accounts,
    devices,
    findings,
    notifications,
    persons,
    tallies,
    waivers,
)
from collector.store.notifications import Item, Message, New
from collector.store.persons import Person
from collector.store.waivers import Asked, Entry
from collector.subscriptions import OWNERS, Subscriptions, Topic
from collector.translation import Words, gettext, marked, ngettext, reading

PEOPLE_AT_ONCE = 50
MOST_WAIVERS = 50
MOST_LOOKED_AT = 2_000
MOST_DEVICES = 20
STATES = Words(
    {
        Compliance.COMPLIANT: marked("Compliant"),
        Compliance.NON_COMPLIANT: marked("Non-compliant"),
        Compliance.UNKNOWN: marked("Unknown"),
        Compliance.STALE: marked("Stale"),
    }
)


@dataclass(frozen=True, slots=True)
class Daily:
    """`web`: where people open the pages, as "https://host:port"."""

    store: Store
    told: Subscriptions
    web: str

    def tell(self, policy: Policy, now: datetime) -> int:
        """Put out what is due and was not put out today; how many messages. Blocks."""
        day = digest_day(policy.notices, policy.calendar.zone, now)
        last = self.store.read(notifications.last_day)
        if day is None or (last is not None and last >= day):
            return 0
        done = self._people(policy, day, now) if policy.notices.owners is not Owners.NEVER else 0

        def change(c: Connection) -> int:
            notifications.keep_day(c, day)
            new = [*self._fleet(c, policy, day, now), *self._ending(c, policy, last, day, now)]
            return notifications.add(c, new, now, now)

        return done + self.store.write(change)

    def _fleet(self, c: Connection, policy: Policy, day: date, now: datetime) -> Iterator[New]:
        """Numbers only: who may see the devices opens the page."""
        subscribers = self.told.of(Topic.DIGEST)
        if not subscribers:
            return
        stale_after = timedelta(days=policy.stale_after_days)
        states = tallies.count_by_state(c, now, stale_after)
        failing = tallies.failing(tallies.findings(c))
        for each in subscribers:
            with reading(each.language):
                message = self._of_fleet(states, failing, each.language)
            for address in each.addresses:
                key = f"digest:{day}:{each.name}:{address}"
                yield New(key, Topic.DIGEST, each.name, message, address)

    def _of_fleet(
        self, states: dict[Compliance, int], failing: dict[str, int], language: Language
    ) -> Message:
        total = sum(states.values())
        lines = tuple(
            gettext("%(state)s: %(count)s", state=STATES[state], count=count)
            for state, count in states.items()
        )
        known = {rule.id for rule in RULES}
        worst = sorted(failing.items(), key=lambda pair: -pair[1])
        items = [
            Item(ngettext("%(num)s device", "%(num)s devices", total), lines),
            *(
                Item(
                    fails_on(count, title(rule_id, language)),
                    link=f"{self.web}/devices?rule={rule_id}",
                )
                for rule_id, count in worst
                if rule_id in known and count
            ),
        ]
        return Message(
            gettext("The fleet today: %(count)s non-compliant", count=states[_BAD]),
            gettext("Devices by state, and how many fail each rule:"),
            tuple(items),
            link=f"{self.web}/devices",
            link_words=gettext("Open the devices"),
            language=language.value,
        )

    def _ending(
        self, c: Connection, policy: Policy, last: date | None, day: date, now: datetime
    ) -> Iterator[New]:
        """Waivers that come within reach since the last day; each is named once."""
        reach = timedelta(days=policy.notices.waiver_days)
        days = 1 if last is None else max(1, (day - last).days)
        begin = now if last is None else now + reach - timedelta(days=days)
        subscribers = self.told.of(Topic.WAIVERS)
        ending = _ending_soon(c, begin, now, now + reach) if subscribers else []
        if not ending:
            return
        for each in subscribers:
            with reading(each.language):
                message = self._of_waivers(c, ending, each.language)
            for address in each.addresses:
                key = f"waivers:{day}:{each.name}:{address}"
                yield New(key, Topic.WAIVERS, each.name, message, address)

    def _of_waivers(self, c: Connection, ending: Sequence[Entry], language: Language) -> Message:
        items = []
        for waiver in ending[:MOST_WAIVERS]:
            asked = waiver.asked
            rule = title(asked.rule_id, language) if _is_rule(asked.rule_id) else asked.rule_id
            items.append(
                Item(
                    gettext("%(device)s: %(rule)s", device=_target(c, asked), rule=rule),
                    (gettext("Ends on %(day)s", day=f"{asked.ends_at:%Y-%m-%d}"),),
                )
            )
        count = len(ending)
        return Message(
            ngettext("%(num)s waiver ends soon", "%(num)s waivers end soon", count),
            gettext("After that the failure counts against the device again:"),
            tuple(items),
            link=f"{self.web}/waivers",
            link_words=gettext("Open the waivers"),
            language=language.value,
        )

    def _people(self, policy: Policy, day: date, now: datetime) -> int:
        """Each person whose device fails, in batches; whom an earlier try told is not told again.

        How many messages."""
        done, after = 0, ""
        while self.told.mail is not None:
            read = partial(_some, policy=policy, after=after, day=day, now=now)
            new, after = self.store.read(read)
            done += self.store.write(partial(notifications.add, new=new, at=now, next_at=now))
            if not after:
                break
        return done


_BAD = Compliance.NON_COMPLIANT


def _some(
    c: Connection, *, policy: Policy, after: str, day: date, now: datetime
) -> tuple[list[New], str]:
    """The letters of some people, and behind whom to go on; "" after the last."""
    owners = persons.with_failing(c, after, PEOPLE_AT_ONCE)
    letters = [*_letters(c, policy, owners, day, now)]
    return letters, owners[-1].email if len(owners) == PEOPLE_AT_ONCE else ""


def _letters(
    c: Connection, policy: Policy, owners: Sequence[Person], day: date, now: datetime
) -> Iterator[New]:
    chosen = accounts.languages(c, [person.email for person in owners])
    for person in owners:
        language = language_of(chosen.get(person.email) or person.language, policy)
        address = sound_address(person.email)
        if person.left_at is not None or not address:
            continue
        with reading(language):
            message = _letter(c, policy, person, language, now)
        if message is not None:
            key = f"digest:{day}:{OWNERS}:{person.email}"
            yield New(key, Topic.DIGEST, OWNERS, message, address)


def _letter(
    c: Connection, policy: Policy, person: Person, language: Language, now: datetime
) -> Message | None:
    """Their own devices alone, and of those what they can do something about."""
    mine = persons.devices_of(c, person.email, MOST_DEVICES)
    ids = [device.device_id for device in mine]
    held = findings.open_of_many(c, ids, (Status.FAIL,))
    waived = waivers.active_for_many(c, ids, now)
    items, names = [], []
    for device in mine:
        granted = {waiver.rule_id: waiver for waiver in waived.get(device.device_id, ())}
        laid = laid_over(held.get(device.device_id, ()), policy, granted, device, language)
        failing = [each for each in laid if each.waiver is None]
        names += [device.hostname] if failing else []
        items += [_item(device.hostname, each, now) for each in failing]
    if not items:
        return None
    subject = ngettext(
        "Your device %(device)s needs something done",
        "%(num)s of your devices need something done",
        len(names),
        device=names[0],
    )
    lead = gettext("This is what your device should have and has not, and what to do about it:")
    closing = gettext("It closes by itself when the device reports again after that.")
    return Message(subject, lead, tuple(items), closing, language=language.value)


def _item(hostname: str, each: OpenFinding, now: datetime) -> Item:
    until = each.grace_ends_at
    grace = (
        (gettext("By %(day)s at the latest.", day=f"{until:%Y-%m-%d}"),)
        if until is not None and until > now
        else ()
    )
    heading = gettext("%(device)s: %(rule)s", device=hostname, rule=each.title)
    return Item(heading, (each.why, *each.remediation.splitlines(), *grace))


def _ending_soon(c: Connection, after: datetime, now: datetime, until: datetime) -> list[Entry]:
    held = waivers.in_force(c, now, until, None, MOST_LOOKED_AT)
    return [each for each in held if each.asked.ends_at > after]


def _target(c: Connection, asked: Asked) -> str:
    """A device by its name, or a group."""
    if asked.group:
        return asked.group
    device = devices.get(c, asked.device_id)
    return device.hostname if device else asked.device_id


def _is_rule(rule_id: str) -> bool:
    return any(rule.id == rule_id for rule in RULES)
