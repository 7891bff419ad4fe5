"""The drop-down lists of the devices page that come from the store, and the orders."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collector import wording
from collector.filtering import EITHER, FILTERS, Filter
from collector.listing import Question
from collector.model import Compliance, Platform, Status
from collector.policy import title
from collector.store import Connection, groups
from collector.store.device_order import NAME, SEEN, SEVERITY, SINCE, WORST
from collector.translation import gettext as _
from collector.translation import language, marked, ngettext
from collector.web.rule_words import SIGNALS

MOST_GROUPS = 200
DAYS = (1, 7, 30, 90)
ORDERS = {
    WORST: marked("Worst state first"),
    SEVERITY: marked("Worst failure first"),
    SINCE: marked("Longest so first"),
    SEEN: marked("Longest unheard of first"),
    NAME: marked("Host name"),
}


MAIN = ("state", "rule")
"""Beside the search; the others are folded away."""
FAILS_OR_UNKNOWN = marked("Fails or unknown")
ANY = {"state": marked("Any state"), "rule": marked("Any or none"), "seen": marked("Any time")}
FAILS_RULE = marked("Fails the rule")


@dataclass(frozen=True, slots=True)
class Choice:
    """One drop-down list of the filters."""

    name: str
    label: str
    chosen: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """`main` stand beside the search; `more` are folded away until one of them is set."""

    main: tuple[Choice, ...]
    more: tuple[Choice, ...]

    @property
    def is_set(self) -> bool:
        return any(each.chosen for each in self.more)


def choices(c: Connection, question: Question) -> Choices:
    """A list for each filter that has one. What is chosen is always among the options."""
    lists = {each.name: _options(c, each, question) for each in FILTERS}
    found = {
        each.name: Choice(
            each.key, _label(each, question), _chosen(each, question), lists[each.name]
        )
        for each in FILTERS
        if lists[each.name]
    }
    folded = tuple(choice for name, choice in found.items() if name not in MAIN)
    return Choices(tuple(found[name] for name in MAIN), folded)


def _label(asked: Filter, question: Question) -> str:
    fails = asked.name == "rule" and not question.status
    label = FAILS_RULE if fails else asked.label
    return _(label)


def _chosen(asked: Filter, question: Question) -> str:
    return str(getattr(question, asked.field) or "")


def _options(c: Connection, asked: Filter, question: Question) -> tuple[tuple[str, str], ...]:
    """Nothing: the filter is no list to choose from."""
    first = ("", _(ANY.get(asked.name, marked("Any"))))
    if asked.name == "seen":
        return (first, *_seen(question.seen))
    if asked.name == "group":
        known = [each.name for each in groups.find(c, limit=MOST_GROUPS).groups]
        known += [question.group] if question.group and question.group not in known else []
        return (first, *((name, name) for name in known)) if known else ()
    words = WORDS.get(asked.name, str)
    pairs = [("" if each == asked.default else each, words(each)) for each in asked.choices()]
    if asked.name == "rule":
        pairs.sort(key=lambda pair: pair[1])
    return (*([] if asked.default else [first]), *pairs) if pairs else ()


def _seen(chosen: str) -> tuple[tuple[str, str], ...]:
    values = [f"{kind}-{days}" for kind in ("within", "over") for days in DAYS]
    if chosen and chosen not in values:
        values.append(chosen)
    return tuple((value, _seen_words(value)) for value in values)


def _seen_words(value: str) -> str:
    kind, _dash, days = value.partition("-")
    if kind == "within":
        return ngettext("Within %(num)s day", "Within %(num)s days", int(days))
    return ngettext("Over %(num)s day ago", "Over %(num)s days ago", int(days))


def _status(value: str) -> str:
    return _(FAILS_OR_UNKNOWN) if value == EITHER else wording.STATUSES[Status(value)]


WORDS: Mapping[str, Callable[[str], str]] = {
    "state": lambda value: wording.STATES[Compliance(value)],
    "platform": lambda value: wording.PLATFORMS[Platform(value)],
    "rule": lambda value: title(value, language()),
    "signal": lambda value: SIGNALS[value],
    "status": lambda value: (
        _(FAILS_OR_UNKNOWN) if value == EITHER else wording.STATUSES[Status(value)]
    ),
    "sort": lambda value: _(ORDERS[value]),
}
"""What the values of a filter are called on the page; where nothing is said, as they are."""
