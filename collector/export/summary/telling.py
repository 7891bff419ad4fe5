"""What the page says, in the language of whoever reads the policy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from collector.audit.marks import Mark
from collector.cause_words import cause_words
from collector.export.changes import (
    ENROLLED,
    FAILING,
    FIXED,
    HEARD,
    RETIRED,
    SEEN,
    SILENT,
    UNSEEN,
)
from collector.export.heading import Heading, Totals
from collector.export.manifest import Previous
from collector.export.summary import figures
from collector.export.summary.blocks import Block, Cell, Figure, Page
from collector.export.summary.trend import Trend, change, percent
from collector.model import Compliance, Platform, Status, System
from collector.policy import RULES, Policy, title, words_for_failure
from collector.translation import Words, gettext, language, marked, ngettext, number
from collector.wording import PLATFORMS, SEVERITIES, STATES, exact

K = TypeVar("K", str, tuple[str, str, str])

MOST_LINES = 6
AIM_PERCENT = 80
NONE = "–"  # noqa: RUF001 - an en dash, as tables have it
COLOURS = {
    Compliance.COMPLIANT: figures.GREEN, Compliance.NON_COMPLIANT: figures.RED,
    Compliance.UNKNOWN: figures.AMBER, Compliance.STALE: figures.GREY,
}  # fmt: skip
CHANGES = Words(
    {
        FAILING: marked("A rule fails that did not"),
        FIXED: marked("A failure was fixed"),
        UNSEEN: marked("A rule cannot be judged any more"),
        SEEN: marked("A rule can be judged again"),
        ENROLLED: marked("Devices enrolled"),
        RETIRED: marked("Devices retired"),
        SILENT: marked("Devices gone silent"),
        HEARD: marked("Devices heard of again"),
    }
)
UNSAID = Words(
    {
        "never_reported": marked("the device has never reported"),
        "not_judged": marked("not judged yet"),
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """All that the page is made of. `audit`: the last signed checkpoint by the moment."""

    heading: Heading
    policy: Policy
    totals: Totals
    trend: Trend
    audit: Mark | None
    previous: Previous | None
    signed_by: str


def page(told: Told) -> Page:
    heading, totals = told.heading, told.totals
    devices = sum(totals.devices.values())
    share = _percent(percent(totals.devices[Compliance.COMPLIANT], devices))
    lead = ngettext(
        "%(share)s of %(num)s device is compliant.",
        "%(share)s of %(num)s devices are compliant.",
        devices,
        share=share,
    )
    return Page(
        language=language().value,
        title=gettext("Posture of the fleet"),
        lead=lead if devices else gettext("No device was in service."),
        about=list(_about(heading, told.policy)),
        blocks=[
            _population(told),
            _rules(told),
            _fixes(totals),
            _unknowns(totals),
            _gaps(heading, totals),
            _changes(heading, totals),
            _waivers(totals),
            _own(told),
            _checking(told),
        ],
    )


def _about(heading: Heading, policy: Policy) -> Iterator[str]:
    yield gettext("As of %(when)s", when=exact(heading.as_of))
    if heading.scope != "all":
        yield gettext("Group: %(name)s", name=heading.scope.removeprefix("group:"))
    yield gettext("Policy version %(version)s", version=policy.version)
    if heading.environment != "production":
        yield gettext("Environment: %(name)s", name=heading.environment)
    if heading.pseudonyms:
        yield gettext("People and host names stand under pseudonyms")


def _population(told: Told) -> Block:
    totals = told.totals
    every = sum(totals.devices.values())
    rows: list[list[Cell]] = [
        [
            STATES[state],
            number(totals.devices[state]),
            _percent(percent(totals.devices[state], every)),
        ]
        for state in COLOURS
    ]
    compliant = told.trend.compliant()
    lines = []
    if (points := change(compliant)) is not None:
        said = marked("Compliant: %(points)s points against the pack before.")
        lines.append(gettext(said, points=_signed(points)))
    bar = figures.shares([(totals.devices[state], colour) for state, colour in COLOURS.items()])
    says = ", ".join(f"{row[0]}: {row[1]}" for row in rows)
    head = (gettext("State"), gettext("Devices"), gettext("Share"))
    return Block(gettext("Devices by state"), lines, head, rows, Figure(bar, says), wide=True)


def _rules(told: Told) -> Block:
    totals, rows = told.totals, []
    for rule in RULES:
        counts = [totals.rules[rule.id, status.value] for status in Status]
        if not sum(counts):
            continue
        passing = told.trend.passing(rule.id)
        rows.append(
            [
                title(rule.id, language()),
                SEVERITIES[told.policy.rules[rule.id].severity],
                _percent(passing[-1]),
                _signed(change(passing)),
                _drawn(passing),
                number(totals.rules[rule.id, Status.FAIL.value]),
                number(totals.counting[rule.id]),
                number(totals.rules[rule.id, Status.UNKNOWN.value]),
            ]
        )
    lines = [
        gettext(
            "Passing: of the devices that the rule is for; what is unknown does not pass. "
            "Counting: failures past their grace and without a waiver."
        )
    ]
    head = (
        gettext("Rule"), gettext("Severity"), gettext("Passing"), gettext("Points"),
        gettext("Trend"), gettext("Failing"), gettext("Counting"), gettext("Unknown"),
    )  # fmt: skip
    return Block(gettext("Compliance by rule"), lines, head, rows, wide=True)


def _drawn(values: Sequence[float | None]) -> Cell:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return NONE
    says = gettext("from %(first)s to %(last)s", first=_percent(known[0]), last=_percent(known[-1]))
    return Figure(figures.trend(values), says)


def _fixes(totals: Totals) -> Block:
    every = sum(totals.fixes.values())
    first = gettext("What to fix first")
    if not every:
        return Block(first, [gettext("No failure counts.")], wide=True)
    rows, covered, few = [], 0, 0
    for key, count in _most(totals.fixes):
        if 100 * covered < AIM_PERCENT * every:
            covered, few = covered + count, few + 1
        rows.append([*_fix(*key), number(count), _percent(percent(count, every))])
    line = ngettext(
        "%(num)s fix covers %(share)s of the failures that count.",
        "%(num)s fixes cover %(share)s of the failures that count.",
        few,
        share=_percent(percent(covered, every)),
    )
    head = (gettext("Fix"), gettext("Platform"), gettext("Devices"), gettext("Share"))
    return Block(first, [line], head, rows[:MOST_LINES], wide=True)


def _fix(rule_id: str, cause: str, platform: str) -> list[str]:
    kind = Platform(platform) if platform else None
    words = words_for_failure(rule_id, cause, System(kind), language())
    return [words.title, PLATFORMS.get(kind, "") if kind else ""]


def _unknowns(totals: Totals) -> Block:
    causes: dict[str, int] = {}
    for (_rule, cause), count in totals.causes.items():
        causes[cause] = causes.get(cause, 0) + count
    every = sum(causes.values())
    if not every:
        return Block(gettext("Unknown, and why"), [gettext("Everything asked was seen.")])
    line = ngettext(
        "%(num)s answer is unknown. It is not counted as a pass.",
        "%(num)s answers are unknown. They are not counted as passes.",
        every,
    )
    rows = [
        [UNSAID[cause] if cause in UNSAID else cause_words(cause), number(count)]
        for cause, count in _most(causes)[:MOST_LINES]
    ]
    return Block(gettext("Unknown, and why"), [line], (gettext("Reason"), gettext("Answers")), rows)


def _gaps(heading: Heading, totals: Totals) -> Block:
    rows: list[list[Cell]] = [
        [gettext("Never reported"), number(totals.never_reported)],
        [gettext("Silent for too long"), number(totals.devices[Compliance.STALE])],
        [gettext("Without an owner"), number(totals.without_owner)],
    ]
    if heading.erased_devices:
        rows.append([gettext("Erased since this moment"), number(heading.erased_devices)])
    return Block(gettext("What is not covered"), (), (gettext("Gap"), gettext("Devices")), rows)


def _changes(heading: Heading, totals: Totals) -> Block:
    name = gettext("Changes")
    if heading.since is None:
        return Block(name, [gettext("This is the first pack: there is none to compare it with.")])
    rows = [[CHANGES[kind], number(totals.changes[kind])] for kind in CHANGES]
    since = gettext("Since the pack as of %(when)s.", when=exact(heading.since))
    return Block(name, [since], (gettext("What happened"), gettext("How often")), rows)


def _waivers(totals: Totals) -> Block:
    count = totals.waivers["in force"]
    lines = [ngettext("%(num)s waiver is in force.", "%(num)s waivers are in force.", count)]
    if count and not totals.ending:
        lines.append(gettext("None ends in the next 30 days."))
    rows = [
        [row.hostname or row.group, title(row.rule_id, language()), exact(row.ends_at)]
        for row in totals.ending[:MOST_LINES]
    ]
    head = (gettext("Ends soon"), gettext("Rule"), gettext("Ends")) if rows else ()
    return Block(gettext("Waivers"), lines, head, rows, wide=bool(rows))


def _own(told: Told) -> Block:
    """Only what can be told of the past moment, so that the pack can be made again."""
    mark = told.audit
    if mark is None:
        lines = [gettext("No checkpoint of the audit log was signed by then.")]
    else:
        lines = [
            gettext(
                "The audit log held %(records)s records at its checkpoint of %(when)s, "
                "signed by %(key)s.",
                records=number(mark.records),
                when=mark.at[:16].replace("T", " ") + " UTC",
                key=mark.key,
            )
        ]
    lines.append(
        gettext(
            "Not told here, because nothing of it can be told of a past moment: "
            "copies of the audit log elsewhere, and backups."
        )
    )
    return Block(gettext("The collector itself"), lines)


def _checking(told: Told) -> Block:
    lines = [
        gettext("`muster-collector export verify FILE --key audit.pub` says whether this pack is "
                "complete and unchanged; README.txt names a way without Muster."),
        gettext("Signed by %(key)s.", key=told.signed_by),
    ]  # fmt: skip
    if told.previous is not None:
        lines.append(gettext("It follows %(name)s.", name=told.previous.name))
    return Block(gettext("How to check it"), lines)


def _most(counts: Mapping[K, int]) -> list[tuple[K, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _percent(value: float | None) -> str:
    """Cut, not rounded: a hundred per cent is all of them."""
    if value is None:
        return NONE
    return gettext("%(share)s%%", share=number(int(value * 10) / 10))


def _signed(points: float | None) -> str:
    if points is None:
        return NONE
    rounded = round(points, 1)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"  # noqa: RUF001 - a minus sign
    return sign + number(abs(rounded))
