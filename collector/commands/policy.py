"""`muster-collector policy`: what is required, tried before it is applied, and who applied it."""

import hashlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from collector.command_list import CommandList
from collector.model import Compliance, Status
from collector.surroundings import BadFile, BadInput, Surroundings
from collector.terminal import (
    as_json,
    counted,
    fitted,
    hint,
    indented,
    plain,
    row,
    say,
    sentence,
    state_words,
)
from collector.wording import exact, note

if TYPE_CHECKING:
    from datetime import datetime

    from collector.model import OpenFinding
    from collector.policy import Policy
    from collector.trial import DeviceChange, FindingChange

LARGEST_FILE = 1 << 20
DIFFERENT = 3
"""The exit status for pipelines: the file is sound, and not what was asked for."""
LONGEST_REASON = 500
TOLD_EACH = 200
FILE = click.argument("file", metavar="FILE", type=click.Path(path_type=Path))


@click.group(cls=CommandList, epilog="Example: muster-collector policy try policy.toml")
def policy() -> None:
    """Show the policy, check and try another one, apply it, and see who applied which."""


@policy.command(epilog="Example: muster-collector policy show > policy.toml")
@click.option("--default", "wants_default", is_flag=True, help="The one the collector comes with.")
@click.pass_obj
def show(around: Surroundings, /, wants_default: bool) -> None:
    """Print the policy in force, as it was applied: a start for another one."""
    from collector.policy import default_text
    from collector.store import policies

    if wants_default:
        click.echo(default_text(), nl=False)
        return
    with around.reading("policy show") as store:
        stored = store.read(policies.current)
    click.echo(stored.text if stored else default_text(), nl=False)
    if stored:
        who = plain(stored.applied_by)
        hint(f"version {stored.version}, applied on {exact(stored.applied_at)} by {who}")


@policy.command(epilog="Example: muster-collector policy check policy.toml")
@FILE
def check(file: Path) -> None:
    """Say whether a file is a sound policy; every problem with its line."""
    _, read = _read(file, 0)
    asked = sum(settings.enabled for settings in read.rules.values())
    say(f"{plain(str(file))} is sound: {counted(asked, 'rule')} of {len(read.rules)} are asked.")


@policy.command(epilog="Example: muster-collector policy diff policy.toml --exit-code")
@FILE
@click.option("--version", "number", type=int, metavar="N", help="With version N, not the newest.")
@click.option("--exit-code", "tells", is_flag=True, help="Exit with 3 when anything differs.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def diff(
    around: Surroundings, /, file: Path, number: int | None, *, tells: bool, wants_json: bool
) -> None:
    """Show what a policy asks differently from the one in force, by key."""
    from collector.policy import load
    from collector.policy.differences import differences
    from collector.policy_in_force import policy_in_force
    from collector.store import Connection, policies

    def compared(c: Connection) -> "Policy":
        if number is None:
            return policy_in_force(c)
        text = policies.text_of(c, number)
        if text is None:
            raise BadInput(f"there is no version {number} (see muster-collector policy history)")
        return load(text, f"policy version {number}", number)

    with around.reading("policy diff") as store:
        _, wanted = _read(file, 0)
        before = store.read(compared)
    found = differences(before, wanted)
    if wants_json:
        changes = [{"key": d.key, "before": d.before, "after": d.after} for d in found]
        say(as_json({"version": before.version, "differences": changes}))
    elif not found:
        say(f"It asks the same as version {before.version}.")
    for each in found if not wants_json else ():
        say(sentence(f"{each.key}: {each.before or 'nothing'} → {each.after or 'nothing'}"))
    if found and tells:
        raise click.exceptions.Exit(DIFFERENT)


@policy.command("try", epilog="Example: muster-collector policy try policy.toml --json")
@FILE
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.option(
    "--at-most",
    type=click.IntRange(0),
    metavar="N",
    help="Exit with 3 when more than N devices would become non-compliant.",
)
@click.pass_obj
def try_(around: Surroundings, /, file: Path, wants_json: bool, at_most: int | None) -> None:
    """Show what a policy would change today; nothing is written."""
    from collector.store import policies
    from collector.trial import try_policy

    now = around.clock()
    with around.reading("policy try") as store:
        _, tried = _read(file, store.read(policies.current_version) + 1)
        looked_at, changed = _counted_out(try_policy(store, tried, now))
    if wants_json:
        found = [_fields(each, now) for each in changed]
        say(as_json({"as_of": now, "devices": looked_at, "changes": found}))
        _hold(changed, at_most)
        return
    for each in changed:
        _print(each, now)
    moved = sum(each.before is not each.after for each in changed)
    findings = sum(len(each.findings) for each in changed)
    said = f"Of {counted(looked_at, 'device')}, {moved} would change state; "
    say(sentence(f"{said}{counted(findings, 'finding')} would change. Nothing was written."))
    _hold(changed, at_most)


def _counted_out(every: "Iterable[DeviceChange]") -> "tuple[int, list[DeviceChange]]":
    """How many there are, and those that change; a terminal is told meanwhile how far it is."""
    told, looked_at, changed = sys.stderr.isatty(), 0, []
    for looked_at, each in enumerate(every, start=1):
        if each.changes:
            changed.append(each)
        if told and looked_at % TOLD_EACH == 0:
            _how_far(looked_at)
    if looked_at >= TOLD_EACH and told:
        click.echo(err=True)
    return looked_at, changed


def _how_far(many: int) -> None:
    click.echo(f"\r{counted(many, 'device')} judged", nl=False, err=True)


@policy.command(epilog='Example: muster-collector policy apply policy.toml --reason "14 days"')
@FILE
@click.option("--reason", metavar="TEXT", default="", help="Why; kept in the history.")
@click.option("--note", "older_name", default="", hidden=True)
@click.option(
    "--expect-version",
    "expected",
    type=click.IntRange(0),
    default=None,
    metavar="N",
    help="Only while version N is in force; exit with 3 when another is.",
)
@click.pass_obj
def apply(
    around: Surroundings, /, file: Path, reason: str, older_name: str, expected: int | None
) -> None:
    """Put a policy in force and judge every device by it."""
    from collector import applying
    from collector.store import Connection
    from collector.upkeep import Rejudged, rejudge_due

    reason = reason or older_name
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise BadInput(f"--reason: up to {LONGEST_REASON} printable characters")
    now, who = around.clock(), around.who()

    def progress(done: Rejudged) -> None:
        if sys.stderr.isatty():
            _how_far(done.judged)

    over = applying.NO_VERSION if expected is None else expected

    def put_in_force(c: Connection) -> int:
        return applying.put_in_force(c, text, now, who, reason, over).version

    with around.store() as store, _overtaken():
        text, _ = _read(file, 0)
        try:
            store.read(lambda c: applying.check(c, text, over))
        except applying.SaysTheSame as same:
            say(f"Version {same.version} in force says exactly this; nothing was changed.")
        else:
            digest = hashlib.sha256(text.encode()).hexdigest()
            with around.noting("policy.applied", "policy", sha256=digest, reason=reason):
                version = store.write(put_in_force)
            say(f"Version {version} is in force.")
        done = rejudge_due(store, around.clock, progress)
    if sys.stderr.isatty():
        click.echo(err=True)
    say(f"{counted(done.judged, 'device')} judged; the answer changes for {done.changed}.")


@policy.command(epilog="Example: muster-collector policy history --json")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def history(around: Surroundings, /, wants_json: bool) -> None:
    """List every version, newest first: when it was applied, by whom and why."""
    from collector.store import policies

    with around.reading("policy history") as store:
        known = store.read(policies.history)
    if wants_json:
        names = ("version", "applied_at", "applied_by", "note", "text")
        versions = [{name: getattr(each, name) for name in names} for each in known]
        say(as_json({"versions": versions}))
    elif not known:
        say("No policy was applied yet: the one that the collector comes with is in force.")
    else:
        say(f"{'VERSION':9}{'APPLIED':22}BY")
        for each in known:
            say(f"{each.version:<9}{exact(each.applied_at):22}{fitted(each.applied_by, 48)}")
            say(indented(each.note, 9))


class Refusal(click.ClickException):
    """The file is sound, and not what was asked for."""

    exit_code = DIFFERENT


@contextmanager
def _overtaken() -> Iterator[None]:
    from collector.applying import Overtaken

    try:
        yield
    except Overtaken as error:
        raise Refusal(plain(str(error))) from None


def _hold(changed: "list[DeviceChange]", at_most: int | None) -> None:
    """Raises Refusal where more become non-compliant than may."""
    worse = sum(each.after is Compliance.NON_COMPLIANT is not each.before for each in changed)
    if at_most is not None and worse > at_most:
        raise Refusal(
            f"{counted(worse, 'device')} would become non-compliant; at most {at_most} may"
        )


def _read(file: Path, version: int) -> "tuple[str, Policy]":
    """The text and what it says; every problem of it a line FILE:LINE: key: message."""
    from collector.policy import PolicyError, load

    name = plain(str(file))
    try:
        with file.open("rb") as opened:
            text = opened.read(LARGEST_FILE + 1).decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{name} is no text in UTF-8: name a policy in TOML") from None
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"cannot read {name}: {said}") from None
    try:
        return text, load(text, name, version)
    except PolicyError as error:
        lines = []
        for problem in error.problems:
            place = f"{name}:{problem.line}" if problem.line else name
            lines.append(": ".join(filter(None, (place, problem.key, problem.message))))
        raise BadFile("\n".join(lines)) from None


def _print(change: "DeviceChange", now: "datetime") -> None:
    name = fitted(change.device.hostname or "(no name)", 40).rstrip()
    if change.before is change.after:
        say(f"{name}: stays {state_words(change.before).lower()}")
    else:
        say(f"{name}: {state_words(change.before)} → {state_words(change.after)}")
    for found in change.findings:
        say(row(f"    {_rule_id(found)}", _words(found, now), 34))


def _rule_id(change: "FindingChange") -> str:
    found = change.after or change.before
    assert found is not None, "a change has one side at least"
    return found.finding.rule_id


def _words(change: "FindingChange", now: "datetime") -> str:
    because = f": {change.after.finding.because}" if change.after else ""
    return f"{_side(change.before, now)} → {_side(change.after, now)}{because}"


def _side(found: "OpenFinding | None", now: "datetime") -> str:
    if found is None:
        return "not asked"
    if found.finding.status is not Status.FAIL:
        return found.finding.status.replace("_", " ")
    return f"fail ({', '.join(filter(None, (found.severity, note(found, now))))})"


def _fields(change: "DeviceChange", now: "datetime") -> dict[str, object]:
    def side(found: "OpenFinding | None") -> dict[str, object] | None:
        if found is None:
            return None
        finding = found.finding
        return {
            "status": finding.status,
            "severity": found.severity,
            "counts": found.counts(now),
            "because": finding.because,
        }

    findings = [
        {"rule_id": _rule_id(each), "before": side(each.before), "after": side(each.after)}
        for each in change.findings
    ]
    return {
        "device_id": change.device.device_id,
        "hostname": change.device.hostname,
        "compliance_before": change.before,
        "compliance_after": change.after,
        "findings": findings,
    }


COMMAND = policy
