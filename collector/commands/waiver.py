"""`muster-collector waiver`: a justified exception for one rule on one device, with an end."""

from datetime import UTC, datetime, timedelta

import click

from collector.model import Device, Waiver
from collector.surroundings import BadInput, Surroundings
from collector.terminal import as_json, called, fitted, indented, plain, say, sentence
from collector.wording import exact

LONGEST_REASON = 500
LONGEST = timedelta(days=366)


@click.group(epilog="Example: muster-collector waiver list")
def waiver() -> None:
    """Grant, list and end exceptions. The finding stays; it does not count meanwhile."""


@waiver.command(
    epilog="Example: muster-collector waiver add alpha disk_encrypted "
    '--until 2027-01-31 --reason "in repair"'
)
@click.argument("device", metavar="DEVICE")
@click.argument("rule", metavar="RULE")
@click.option("--until", required=True, metavar="YYYY-MM-DD", help="The last day of it (UTC).")
@click.option("--reason", required=True, metavar="TEXT", help="Why; auditors read it.")
@click.pass_obj
def add(around: Surroundings, /, device: str, rule: str, until: str, reason: str) -> None:
    """Grant an exception. DEVICE is a host name, an id, or the beginning of one."""
    from collector.ingest import rejudge
    from collector.policy_in_force import policy_in_force
    from collector.selecting import the_device
    from collector.store import Connection, events, waivers

    now, who = around.clock(), around.who()
    ends_at = _end_of(until, now)
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise BadInput(f"--reason: say why in 1 to {LONGEST_REASON} printable characters")
    _must_be_a_rule(rule)

    def grant(c: Connection) -> Device:
        meant = the_device(c, device)
        if meant.retired_at is not None:
            raise BadInput(f"{plain(meant.hostname)} is retired: it needs no waiver")
        _must_not_be_waived(waivers.active_for(c, meant.device_id, now), meant, rule)
        granted = Waiver(meant.device_id, rule, reason, who, now, ends_at)
        waivers.add(c, granted)
        events.add(c, now, "waiver granted", meant.device_id, f"{rule} by {who}: {reason}")
        rejudge(c, policy_in_force(c), meant.device_id, now)
        return meant

    with around.store() as store:
        meant = store.read(lambda c: the_device(c, device))
        subject = f"device:{meant.device_id}"
        with around.noting("waiver.granted", subject, rule=rule, until=until, reason=reason):
            store.write(grant)
    say(sentence(f"{rule} is waived on {called(meant)} until {exact(ends_at)}."))


@waiver.command("list", epilog="Example: muster-collector waiver list --all --json")
@click.option("--all", "wants_all", is_flag=True, help="Those that have ended, too.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_waivers(around: Surroundings, /, wants_all: bool, wants_json: bool) -> None:
    """List the exceptions in force, newest first."""
    from collector.store import Connection, devices, waivers

    now = around.clock()

    def find(c: Connection) -> list[tuple[str, Waiver]]:
        listed = [each for each in waivers.list_all(c) if wants_all or now < each.ends_at]
        known = {each.device_id: devices.get(c, each.device_id) for each in listed}
        names = {key: device.hostname if device else "" for key, device in known.items()}
        return [(names[each.device_id], each) for each in listed]

    with around.store() as store:
        found = store.read(find)
    if wants_json:
        say(as_json({"waivers": [_fields(name, each, now) for name, each in found]}))
    elif not found:
        say("No waiver is in force." if not wants_all else "No waiver was ever granted.")
    else:
        say(f"{'HOST NAME':30}{'RULE':32}UNTIL")
        for name, each in found:
            until = f"{each.ends_at:%Y-%m-%d}{'' if now < each.ends_at else ' (over)'}"
            say(f"{fitted(name or '(no name)', 28)}  {each.rule_id:30}  {until}")
            say(indented(f"{each.reason} (granted by {each.requested_by})"))


@waiver.command(epilog="Example: muster-collector waiver end alpha disk_encrypted")
@click.argument("device", metavar="DEVICE")
@click.argument("rule", metavar="RULE")
@click.pass_obj
def end(around: Surroundings, /, device: str, rule: str) -> None:
    """End an exception now: the finding counts again."""
    from collector.ingest import rejudge
    from collector.policy_in_force import policy_in_force
    from collector.selecting import the_device
    from collector.store import Connection, events, waivers

    now = around.clock()
    _must_be_a_rule(rule)

    def stop(c: Connection) -> Device:
        meant = the_device(c, device)
        if not waivers.end(c, meant.device_id, rule, now):
            raise BadInput(f"{rule} is not waived on {plain(meant.hostname)} (see waiver list)")
        events.add(c, now, "waiver ended", meant.device_id, f"{rule} by {around.who()}")
        rejudge(c, policy_in_force(c), meant.device_id, now)
        return meant

    with around.store() as store:
        meant = store.read(lambda c: the_device(c, device))
        with around.noting("waiver.ended", f"device:{meant.device_id}", rule=rule):
            store.write(stop)
    say(sentence(f"{rule} counts again on {called(meant)}."))


def _end_of(day: str, now: datetime) -> datetime:
    """The last second of the day."""
    try:
        begins_at = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(f"--until: {day!r} is not a day: write it as 2027-01-31") from None
    if begins_at.date() < now.date():
        raise BadInput(f"--until: {day} is over: name today or a later day")
    if begins_at > now + LONGEST:
        raise BadInput(f"--until: {day} is more than a year away: waive it for a year at most")
    return begins_at + timedelta(days=1, seconds=-1)


def _must_be_a_rule(rule: str) -> None:
    from collector.policy import RULES

    known = sorted(each.id for each in RULES)
    if rule not in known:
        raise BadInput(f"no rule {rule!r}; there are {', '.join(known)}")


def _must_not_be_waived(in_force: list[Waiver], meant: Device, rule: str) -> None:
    """One at a time: two ends and two reasons for one exception would answer no auditor."""
    for each in in_force:
        if each.rule_id == rule:
            raise BadInput(
                f"{rule} is waived on {plain(meant.hostname)} already, until "
                f"{exact(each.ends_at)}: end that first with muster-collector waiver end "
                f"{meant.device_id} {rule}"
            )


def _fields(hostname: str, granted: Waiver, now: datetime) -> dict[str, object]:
    return {
        "device_id": granted.device_id,
        "hostname": hostname,
        "rule_id": granted.rule_id,
        "reason": granted.reason,
        "requested_by": granted.requested_by,
        "created_at": granted.created_at,
        "ends_at": granted.ends_at,
        "in_force": now < granted.ends_at,
    }


COMMAND = waiver
