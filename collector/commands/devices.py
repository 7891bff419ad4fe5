"""`muster-collector devices`: who falls short, in what and since when, the worst first."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from collector.filtering import EITHER, FILTERS, WORST_FIRST, alone
from collector.model import Compliance, Device, OpenFinding, Status
from collector.surroundings import BadInput, Surroundings
from collector.terminal import as_json, counted, fitted, indented, say, state_words
from collector.wording import SHORT_ID, STATES, ago, note, sentence_end

if TYPE_CHECKING:
    from collector.listing import Question
    from collector.store import Connection

T = TypeVar("T", bound=Callable[..., Any])
DEFAULTS = {"status": EITHER}
"""Where the command line means something else by saying nothing."""
PAGE = 200
MANY = ("rule", "signal")
"""These have so many values that the help only names the option."""
MOST_PROBLEMS = 2


@dataclass(frozen=True, slots=True)
class Listed:
    """A device, its state with regard to silence, and what fails or is unknown, worst first."""

    device: Device
    compliance: Compliance
    since_at: datetime | None
    findings: tuple[OpenFinding, ...]


def _filters(command: T) -> T:
    """An option for each filter of the devices page."""
    for each in reversed(FILTERS):
        option, default = each.option or each.name, DEFAULTS.get(each.name, each.default)
        said = f"{each.says[:1].upper()}{each.says[1:]}."
        few = [str(value) for value in each.choices()] if each.name not in MANY else []
        kind = click.Choice(few) if few else str
        shown: dict[str, Any] = {} if few else {"metavar": each.name.upper()}
        shown |= {
            "type": kind,
            "default": str(default) or None,
            "show_default": bool(default),
            "help": said,
        }
        command = click.option(f"--{option}", each.name, **shown)(command)
    return command


@click.command(epilog="Example: muster-collector devices --noncompliant --signal firewall")
@click.option("--noncompliant", is_flag=True, help="Short for --state non_compliant.")
@_filters
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def devices(around: Surroundings, /, wants_json: bool, **asked: Any) -> None:
    """List the devices, the worst first, with what is wrong with each.

    The options are the filters of the devices page: only devices that fit all of them are listed.
    """
    question = _question(asked)
    now = around.clock()
    with around.reading("devices") as store:
        found = store.read(lambda c: list(_find(c, question, now)))
        anyone = bool(found) or store.read(lambda c: _anyone(c, now))
    if wants_json:
        listed = [_fields(each, now) for each in found]
        say(as_json({"as_of": now, "count": len(listed), "devices": listed}))
    elif not anyone:
        say("No device is enrolled yet. Make an enrollment string for the first ones:")
        say("  muster-collector token create --uses 10")
    else:
        _table(found, now)


def _question(asked: dict[str, Any]) -> "Question":
    from collector.listing import asking

    if asked["noncompliant"]:
        if asked["state"] not in (None, Compliance.NON_COMPLIANT):
            raise BadInput("--noncompliant and --state ask for different states: give one")
        asked["state"] = Compliance.NON_COMPLIANT
    try:
        values = {each.name: each.value(asked[each.name] or "") for each in FILTERS}
    except ValueError as error:
        raise BadInput(str(error)) from None
    if not asked["cause"]:
        del values["cause"]
    lonely = alone({name: value for name, value in values.items() if value != DEFAULTS.get(name)})
    if lonely is not None:
        raise BadInput(f"--{lonely[0]}: {lonely[1]}")
    return asking(values, sees_people=True)


def _anyone(c: "Connection", now: datetime) -> bool:
    from collector.store import devices as stored

    return any(stored.count_by_state(c, now, timedelta(days=1)).values())


def _find(c: "Connection", question: "Question", now: datetime) -> Iterator[Listed]:
    from collector import listing
    from collector.judged import falling_short
    from collector.policy_in_force import policy_in_force

    policy = policy_in_force(c)
    stale_after = timedelta(days=policy.stale_after_days)
    following: Question | None = question
    while following is not None:
        page = listing.find(c, following, now, stale_after, PAGE)
        found = falling_short(c, policy, [device for device, _state in page.devices], now)
        for device, state in page.devices:
            meant = _meant(found[device.device_id], question)
            yield Listed(device, state, _since(device, state, stale_after), meant)
        following = page.next_question


def _meant(found: Sequence[OpenFinding], question: "Question") -> tuple[OpenFinding, ...]:
    """Of the findings, those that were asked for."""
    from collector.judged import rules_by_id

    rules = rules_by_id()
    return tuple(
        each
        for each in found
        if question.rule_id in ("", each.finding.rule_id)
        and question.signal in ("", rules[each.finding.rule_id].signal)
    )


def _since(device: Device, state: Compliance, stale_after: timedelta) -> datetime | None:
    if state is Compliance.STALE:
        return (device.last_seen_at or device.enrolled_at) + stale_after
    return device.compliance_since


def _table(found: Sequence[Listed], now: datetime) -> None:
    if found:
        say(f"{'HOST NAME':30}{'STATE':15}{'SINCE':12}LAST SEEN")
    names = Counter(each.device.hostname for each in found)
    for each in found:
        device = each.device
        name = _name(device, alone=names[device.hostname] == 1)
        since = f"{each.since_at:%Y-%m-%d}" if each.since_at else ""
        last = ago(device.last_seen_at, now) if device.last_seen_at else "never"
        say(f"{name}  {state_words(each.compliance, 13)}  {since:12}{last}")
        say(indented(problems(each, now)))
    say(count_line(found))


def _name(device: Device, *, alone: bool) -> str:
    """In 28 columns; beside a name that others have too, what its id begins with."""
    name = device.hostname or "(no name)"
    if alone:
        return fitted(name, 28)
    beginning = f" ({device.device_id[:SHORT_ID]})"
    return fitted(fitted(name, 28 - len(beginning)).rstrip() + beginning, 28)


def problems(listed: Listed, now: datetime) -> str:
    """What is wrong, short: the gravest failures in words, the rest in numbers."""
    if listed.device.quarantined_because:
        return f"in quarantine: {listed.device.quarantined_because}"
    if listed.device.last_report_at is None:
        return "no report yet"
    failing = [each for each in listed.findings if each.finding.status is Status.FAIL]
    failing.sort(key=lambda each: not each.counts(now))
    unknown = [each for each in listed.findings if each.finding.status is Status.UNKNOWN]
    words = [_problem(each, now) for each in failing[:MOST_PROBLEMS]]
    if len(failing) > MOST_PROBLEMS:
        words.append(f"{len(failing) - MOST_PROBLEMS} more")
    if unknown and not failing:
        words.append(sentence_end(unknown[0].finding.because))
        unknown = unknown[1:]
    if unknown:
        words.append(f"{len(unknown)} {'more ' if not failing else ''}unknown")
    return "; ".join(words)


def _problem(found: OpenFinding, now: datetime) -> str:
    spared = note(found, now)
    return sentence_end(found.finding.because) + (f" ({spared})" if spared else "")


def count_line(found: Sequence[Listed]) -> str:
    """How many, and of those how many in each state."""
    if not found:
        return "No device is like that."
    counts = Counter(each.compliance for each in found)
    parts = [f"{counts[state]} {STATES[state].lower()}" for state in WORST_FIRST if counts[state]]
    return f"{counted(len(found), 'device')}: {', '.join(parts)}"


def _fields(listed: Listed, now: datetime) -> dict[str, object]:
    from collector.described import device_fields, finding_fields

    about = device_fields(listed.device, listed.compliance)
    return about | {"findings": [finding_fields(each, now) for each in listed.findings]}


COMMAND = devices
