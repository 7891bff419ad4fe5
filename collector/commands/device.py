"""`muster-collector device`: all that is known of one, and what a person decides about it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from collector.command_list import CommandList
from collector.commands.asking import check_now, lock
from collector.commands.device_care import continue_, forget, groups, owner
from collector.commands.people import sure
from collector.model import Language, OpenFinding
from collector.surroundings import BadInput, Surroundings
from collector.terminal import (
    as_json,
    called,
    fitted,
    plain,
    row,
    say,
    sentence,
    state_words,
    status_words,
)
from collector.wording import ago, capital, exact, note, state_sentence, waiver_words

if TYPE_CHECKING:
    from collector.described import Whole

SURE = click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")


@click.group(cls=CommandList, epilog="Example: muster-collector device show alpha")
def device() -> None:
    """Show one device, ask something of it, say whose it is, retire it.

    DEVICE is its host name, its id, or the beginning of its id.
    """


@device.command(epilog="Example: muster-collector device show alpha --language fr")
@click.argument("device", metavar="DEVICE")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.option(
    "--language",
    type=click.Choice([each.value for each in Language]),
    help="Of each rule and what to do; the policy's when it is left out.",
)
@click.pass_obj
def show(around: Surroundings, /, device: str, wants_json: bool, language: str | None) -> None:
    """Show the state, every finding with what to do, the inventory and the check-ins."""
    from collector.described import whole, whole_fields

    now = around.clock()
    with around.store() as store:
        chosen = Language(language) if language else None
        shown = store.read(lambda c: whole(c, device, now, chosen))
    around.seen("device show", device=shown.device.device_id)
    if wants_json:
        say(as_json(whole_fields(shown)))
    else:
        _print(shown)


@device.command(epilog="Example: muster-collector device retire alpha --yes")
@click.argument("device", metavar="DEVICE")
@SURE
@click.pass_obj
def retire(around: Surroundings, /, device: str, yes: bool) -> None:
    """Take a device out of every list and revoke its certificates. Its history stays."""
    from collector import deciding
    from collector.selecting import the_device

    with around.store() as store:
        meant = store.read(lambda c: the_device(c, device))
        if meant.retired_at is not None:
            raise BadInput(f"{called(meant)} was retired on {exact(meant.retired_at)}")
        sure(yes, f"Retire {called(meant)}? It has to be enrolled again to come back.")
        order = deciding.Order(meant.device_id, around.clock(), around.who())
        with around.noting("device.retired", f"device:{meant.device_id}"):
            store.write(lambda c: deciding.retire(c, order))
    say(sentence(f"{called(meant)} is retired; its certificates are revoked."))


@device.command(epilog="Example: muster-collector device release alpha --yes")
@click.argument("device", metavar="DEVICE")
@SURE
@click.pass_obj
def release(around: Surroundings, /, device: str, yes: bool) -> None:
    """End a quarantine: what the device sends from now on is judged."""
    from collector import deciding
    from collector.selecting import the_device

    with around.store() as store:
        meant = store.read(lambda c: the_device(c, device))
        if not meant.quarantined_because:
            raise BadInput(f"{called(meant)} is not in quarantine")
        reason = plain(meant.quarantined_because)
        sure(yes, f"Release {called(meant)}? It was set apart because: {reason}.")
        order = deciding.Order(meant.device_id, around.clock(), around.who())
        with around.noting("device.changed", f"device:{meant.device_id}", to="released"):
            store.write(lambda c: deciding.release(c, order))
    say(sentence(f"{called(meant)} is released; its next report is judged."))


for each in (owner, groups, continue_, forget):
    device.add_command(each)


def _print(shown: "Whole") -> None:
    device, now = shown.device, shown.now
    say(f"{fitted(device.hostname or '(no name)', 60).rstrip()}  {state_words(shown.compliance)}")
    say(sentence(state_sentence(device, shown.compliance, shown.findings, now)))
    if device.quarantined_because:
        to_end = f"muster-collector device release {device.device_id}"
        say(sentence(f"In quarantine: {device.quarantined_because}. To end it: {to_end}"))
    if device.retired_at is not None:
        say(f"Retired on {exact(device.retired_at)}.")
    _print_related(shown)
    _print_findings(shown.findings, now)
    say(["", "INVENTORY"])
    for label, said in shown.inventory:
        say(row(f"  {label}", said))
    say(["", "CHECK-INS"])
    for label, said in check_ins(shown):
        say(row(f"  {label}", said))
    for event in shown.events:
        say(row(f"  {exact(event.at)}", f"{event.kind}: {event.detail}", 26))


def _print_related(shown: "Whole") -> None:
    """The same laptop under other numbers."""
    known = shown.related
    if known.earlier is not None:
        first = exact(known.first_enrolled_at)
        say(sentence(f"Continues {called(known.earlier)}, first enrolled on {first}."))
    if known.later is not None:
        say(sentence(f"Goes on as {called(known.later)}."))
    for each in known.may_continue:
        say(sentence(f"May be the same laptop as {called(each)}, installed anew. If it is:"))
        say(f"  muster-collector device continue {shown.device.device_id} --of {each.device_id}")


def _print_findings(findings: Sequence[OpenFinding], now: datetime) -> None:
    """The worst first, each with what it rests on and what helps to mend it."""
    say(["", "FINDINGS" if findings else "FINDINGS: none, for want of a report"])
    for found in findings:
        finding = found.finding
        say(f"  {status_words(finding.status)}: {found.title}")
        spared = note(found, now)
        say(row("    rule", finding.rule_id))
        say(row("    because", finding.because))
        say(row("    since", f"{exact(finding.since)}, {ago(finding.since, now)}"))
        say(row("    severity", found.severity + (f"; {spared}" if spared else "")))
        if found.waiver is not None:
            say(row("    waived", waiver_words(found.waiver, now)))
        say(row("    to do", found.remediation))
        for line in finding.evidence:
            say(row("    evidence", f"{line.source}: {line.said}"))


def check_ins(shown: "Whole") -> list[tuple[str, str]]:
    """When it was heard of and will be; a time that there is none of in words."""
    device, now = shown.device, shown.now

    def when(at: datetime | None, otherwise: str) -> str:
        return f"{exact(at)}, {ago(at, now)}" if at else otherwise

    every = timedelta(minutes=shown.check_in_minutes)
    return [
        ("enrolled", when(device.enrolled_at, "")),
        ("last seen", when(device.last_seen_at, "never")),
        ("next expected", when(device.last_seen_at and device.last_seen_at + every, "unknown")),
        ("last change", when(device.last_report_at, "no report yet")),
        ("certificate", capital(shown.certificate)),
        ("agent", device.agent_version or "version not reported"),
        ("device id", device.device_id),
    ]


device.add_command(check_now)
device.add_command(lock)
COMMAND = device
