"""The drop-down lists of the devices page that come from the store, and the orders."""

from dataclasses import dataclass

from collector.store import Connection, groups
from collector.store.device_order import NAME, SEEN, SEVERITY, SINCE
from collector.translation import gettext as _
from collector.translation import marked, ngettext
from collector.web.listing import Question

MOST_GROUPS = 200
DAYS = (1, 7, 30, 90)
ORDERS = {
    "": marked("Worst state first"),
    SEVERITY: marked("Worst failure first"),
    SINCE: marked("Longest so first"),
    SEEN: marked("Longest unheard of first"),
    NAME: marked("Host name"),
}


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


def more_choices(c: Connection, question: Question) -> tuple[Choice, ...]:
    """Groups, last seen and the order. What is chosen is always among the options."""
    known = [each.name for each in groups.find(c, limit=MOST_GROUPS).groups]
    if question.group and question.group not in known:
        known.append(question.group)
    names = tuple((name, name) for name in known)
    orders = tuple((value, _(words)) for value, words in ORDERS.items())
    group = Choice("group", _("Group"), question.group, (("", _("Any")), *names))
    return (
        *([group] if names else []),
        Choice("seen", _("Last seen"), question.seen, _seen(question.seen)),
        Choice("sort", _("Order"), question.sort, orders),
    )


def _seen(chosen: str) -> tuple[tuple[str, str], ...]:
    values = [f"{kind}-{days}" for kind in ("within", "over") for days in DAYS]
    if chosen and chosen not in values:
        values.append(chosen)
    return (("", _("Any time")), *((value, _seen_words(value)) for value in values))


def _seen_words(value: str) -> str:
    kind, _dash, days = value.partition("-")
    if kind == "within":
        return ngettext("Within %(num)s day", "Within %(num)s days", int(days))
    return ngettext("Over %(num)s day ago", "Over %(num)s days ago", int(days))
