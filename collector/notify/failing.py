"""Tells of what newly fails: at once, and a burst in one message.

A mail may be read by anybody on its way and on a lock screen: it names device and rule and says
what to do, and never what was seen there. The page behind the link does, for who may see it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from collector.model import Language, Severity
from collector.notify.hours import allowed_at
from collector.policy import Owners, Policy, title, words_for_failure
from collector.store import (
    Connection,
    Store,
    accounts,
    new_failures,
    notifications,
    persons,
    waivers,
)
from collector.store.new_failures import NewFailure
from collector.store.notifications import Item, Message, New
from collector.subscriptions import OWNERS, Subscriber, Subscriptions, Topic, mail_address
from collector.translation import gettext, ngettext, reading

MOST_NAMED = 5
FLOOD = 25
"""More devices than this that newly fail one rule are IT's to look at: their owners hear of it
with the next daily mail."""
ORDER = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


@dataclass(slots=True)
class OfRule:
    """How many devices newly fail it, and the first of them by name."""

    count: int = 0
    named: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Burst:
    """What newly fails since people were told last."""

    until: int
    by_rule: dict[str, OfRule] = field(default_factory=dict)
    by_owner: dict[str, list[NewFailure]] = field(default_factory=dict)

    def add(self, each: NewFailure) -> None:
        of_rule = self.by_rule.setdefault(each.rule_id, OfRule())
        of_rule.count += 1
        if len(of_rule.named) < MOST_NAMED:
            of_rule.named.append(each.hostname or each.device_id)
        if each.owner and of_rule.count <= FLOOD:
            self.by_owner.setdefault(each.owner, []).append(each)


@dataclass(frozen=True, slots=True)
class Failing:
    """`web`: where people open the pages, as "https://host:port"."""

    store: Store
    told: Subscriptions
    web: str

    def gather(self, policy: Policy, now: datetime) -> int:
        """Put out what is new; how many messages. Blocks."""
        burst = self.store.read(lambda c: _burst(c, policy, now))
        if burst is None:
            self.store.write(new_failures.drop_read)
            return 0
        owners = self._owners(policy, burst)

        def change(c: Connection) -> int:
            new_failures.keep_read(c, burst.until)
            return notifications.add(
                c, [*self._for_subscribers(policy, burst), *owners], now,
                allowed_at(policy.notices, policy.calendar.zone, now),
            )  # fmt: skip

        return self.store.write(change)

    def _for_subscribers(self, policy: Policy, burst: Burst) -> Iterator[New]:
        for each in self.told.of(Topic.FAILURES):
            wanted = {
                rule_id: of_rule
                for rule_id, of_rule in burst.by_rule.items()
                if _grave_enough(policy, rule_id, each)
            }
            if not wanted:
                continue
            with reading(each.language):
                message = self._message(wanted, each.language)
            for address in each.addresses:
                key = f"failures:{burst.until}:{each.name}:{address}"
                yield New(key, Topic.FAILURES, each.name, message, address)

    def _message(self, wanted: Mapping[str, OfRule], language: Language) -> Message:
        total = sum(of_rule.count for of_rule in wanted.values())
        items = [
            Item(
                fails_on(of_rule.count, title(rule_id, language)),
                (_names(of_rule),),
                f"{self.web}/devices?rule={rule_id}",
            )
            for rule_id, of_rule in sorted(wanted.items(), key=lambda pair: -pair[1].count)
        ]
        return Message(
            ngettext("%(num)s new failure", "%(num)s new failures", total),
            gettext("Devices have begun to fail these rules since the last message:"),
            tuple(items),
            link=f"{self.web}/devices",
            link_words=gettext("Open the devices"),
            language=language.value,
        )

    def _owners(self, policy: Policy, burst: Burst) -> list[New]:
        if policy.notices.owners is not Owners.AT_ONCE or self.told.mail is None:
            return []
        people = self.store.read(lambda c: persons.get_many(c, burst.by_owner))
        chosen = self.store.read(lambda c: accounts.languages(c, burst.by_owner))
        found = []
        for email, mine in burst.by_owner.items():
            person, calm = people.get(email), _without_floods(mine, burst)
            if person is None or person.left_at is not None or not calm:
                continue
            language = language_of(chosen.get(email) or person.language, policy)
            with reading(language):
                message = owners_message(calm, language)
            if address := sound_address(email):
                key = f"failures:{burst.until}:{OWNERS}:{email}"
                found.append(New(key, Topic.FAILURES, OWNERS, message, address))
        return found


def fails_on(count: int, rule: str) -> str:
    return ngettext(
        "Fails on %(num)s device: %(rule)s", "Fails on %(num)s devices: %(rule)s", count, rule=rule
    )


def owners_message(mine: list[NewFailure], language: Language) -> Message:
    """For whoever has the devices: what to do, in words for that system."""
    items = []
    for each in mine:
        words = words_for_failure(each.rule_id, each.cause, each.system, language)
        heading = gettext("%(device)s: %(rule)s", device=each.hostname, rule=words.title)
        items.append(Item(heading, (words.why, *words.remediation.splitlines())))
    names = sorted({each.hostname for each in mine})
    subject = ngettext(
        "Your device %(device)s needs something done",
        "%(num)s of your devices need something done",
        len(names),
        device=names[0],
    )
    lead = gettext("This is what your device should have and has not, and what to do about it:")
    closing = gettext("It closes by itself when the device reports again after that.")
    return Message(subject, lead, tuple(items), closing, language=language.value)


def language_of(word: str, policy: Policy) -> Language:
    """The person's, or the policy's where it is not known."""
    return next((each for each in Language if each.value == word), policy.language)


def sound_address(email: str) -> str:
    """Empty for what no mail can be sent to."""
    try:
        return mail_address(email)
    except ValueError:
        return ""


def _burst(c: Connection, policy: Policy, now: datetime) -> Burst | None:
    after, until = new_failures.waiting(c)
    if after == until:
        return None
    burst = Burst(until)
    for chunk in new_failures.standing(c, after, until):
        waived = waivers.active_for_many(c, {each.device_id for each in chunk}, now)
        for each in chunk:
            settings = policy.rules.get(each.rule_id)
            mine = {waiver.rule_id for waiver in waived.get(each.device_id, ())}
            if settings is not None and settings.enabled and each.rule_id not in mine:
                burst.add(each)
    return burst


def _without_floods(mine: list[NewFailure], burst: Burst) -> list[NewFailure]:
    return [each for each in mine if burst.by_rule[each.rule_id].count <= FLOOD]


def _grave_enough(policy: Policy, rule_id: str, subscriber: Subscriber) -> bool:
    severity = policy.rules[rule_id].severity
    return ORDER.index(severity) >= ORDER.index(subscriber.least_severity)


def _names(of_rule: OfRule) -> str:
    names, more = ", ".join(of_rule.named), of_rule.count - len(of_rule.named)
    if not more:
        return names
    return ngettext("%(names)s and %(num)s more", "%(names)s and %(num)s more", more, names=names)
