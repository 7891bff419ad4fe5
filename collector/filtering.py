"""What a list of devices can be asked, once: the page, its CSV, the API and the commands read it.

A filter is one line of FILTERS, one field of `listing.Question`, and what the store makes of it in
`listing.wanted`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collector.accounts.roles import Permission
from collector.model import Compliance, Platform, Status
from collector.translation import marked

LONGEST_TEXT = 200
LONGEST_EMAIL = 254
NOBODY = "none"
EITHER = "fail_or_unknown"
WORST = "worst"
WORST_FIRST = (
    Compliance.NON_COMPLIANT,
    Compliance.UNKNOWN,
    Compliance.STALE,
    Compliance.COMPLIANT,
)
SORTS = (WORST, "severity", "since", "seen", "name")
SEEN = "(over|within)-[0-9]{1,4}"


def _rules() -> tuple[str, ...]:
    from collector.policy import RULES

    return tuple(rule.id for rule in RULES)


def _signals() -> tuple[str, ...]:
    from collector.policy import RULES

    return tuple(sorted({rule.signal for rule in RULES}))


def _none() -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing that a list is asked; everywhere under `name`.

    `says` tells programs and the command line, `label` the reader of the page. `holds` is the
    field of the question, `address` what it is called in the page's address and `option` on the
    command line, where these are other names. `choices`: the only values there are; `form`: a
    regular expression that a value matches. `beside`: it says nothing without one of these.
    `needs`: who may ask it; to others it is not there.
    """

    name: str
    says: str
    label: str
    holds: str = ""
    address: str = ""
    option: str = ""
    choices: Callable[[], tuple[str, ...]] = _none
    form: str = ""
    most: int = LONGEST_TEXT
    default: str = ""
    beside: tuple[str, ...] = ()
    needs: Permission | None = None

    @property
    def field(self) -> str:
        return self.holds or self.name

    @property
    def key(self) -> str:
        return self.address or self.name

    def value(self, text: str) -> str:
        """As the question holds it. Raises ValueError, which says what there is."""
        clean = "".join(each for each in text[: self.most] if each.isprintable()).strip()
        if not clean or clean == self.default:
            return ""
        there_are = self.choices()
        if there_are and clean not in there_are:
            raise ValueError(f"no {self.name} {clean!r}; there are {', '.join(sorted(there_are))}")
        if self.form and not re.fullmatch(self.form, clean):
            raise ValueError(f"{self.name}: {self.says}")
        return clean


FILTERS = (
    Filter(
        "text",
        "with this text in host name, model, system or serial number, or in the owner's address",
        marked("Search"),
        address="q",
        option="search",
        needs=Permission.SEE_HARDWARE_IDS,
    ),
    Filter("state", "in this state", marked("State"), choices=lambda: tuple(WORST_FIRST)),
    Filter("rule", "that fail this rule", marked("Rule"), holds="rule_id", choices=_rules),
    Filter("signal", "that fail a rule of this signal", marked("Signal"), choices=_signals),
    Filter(
        "status",
        "of which the rule, or one of the signal, says this",
        marked("The rule says"),
        choices=lambda: (*Status, EITHER),
        default=Status.FAIL,
        beside=("rule", "signal"),
    ),
    Filter("cause", "for this cause, with rule and status", "", beside=("rule",)),
    Filter("platform", "of this platform", marked("Platform"), choices=lambda: tuple(Platform)),
    Filter("group", "in this group", marked("Group")),
    Filter(
        "owner",
        "of the person of this address; none: without an owner",
        marked("Owner"),
        most=LONGEST_EMAIL,
        needs=Permission.SEE_PEOPLE,
    ),
    Filter(
        "seen",
        "not heard of for 7 days or more: over-7; heard of within them: within-7",
        marked("Last seen"),
        form=SEEN,
    ),
    Filter("sort", "the order", marked("Order"), choices=lambda: SORTS, default=WORST),
)


def alone(values: Mapping[str, str]) -> tuple[str, str] | None:
    """The first that is asked without what it belongs to, and what to do about it."""
    for each in FILTERS:
        if each.beside and values.get(each.name) and not any(map(values.get, each.beside)):
            return each.name, f"it says nothing alone: ask {' or '.join(each.beside)} with it"
    return None
