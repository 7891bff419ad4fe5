"""`muster-collector waiver`: an exception for a device or a group, by two people, with an end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from collector.command_list import CommandList
from collector.surroundings import BadInput, Surroundings
from collector.terminal import as_json, fitted, indented, plain, say, sentence
from collector.wording import exact

if TYPE_CHECKING:
    from datetime import datetime

    from collector.store import Connection
    from collector.store.waivers import Asked, Entry

MOST_LISTED = 1_000
NUMBER = click.argument("number", metavar="NUMBER", type=click.IntRange(1, 2**53))


@click.group(cls=CommandList, epilog="Example: muster-collector waiver list")
def waiver() -> None:
    """Ask for exceptions, approve, list and end them. The finding stays; it does not count."""


@waiver.command(
    epilog="Example: muster-collector waiver request alpha disk_encrypted "
    '--until 2027-01-31 --reason "in repair"'
)
@click.argument("target", metavar="DEVICE")
@click.argument("rule", metavar="RULE")
@click.option("--group", "is_group", is_flag=True, help="DEVICE is the name of a group.")
@click.option("--until", required=True, metavar="YYYY-MM-DD", help="The last day of it (UTC).")
@click.option("--reason", required=True, metavar="TEXT", help="Why; auditors read it.")
@click.pass_obj
def request(
    around: Surroundings, /, target: str, rule: str, until: str, reason: str, *, is_group: bool
) -> None:
    """Ask for an exception, or for more time. DEVICE: a host name, an id or its beginning."""
    from collector import waiving
    from collector.selecting import the_device
    from collector.store.waivers import Asked

    now, who = around.clock(), around.who()
    with around.store() as store, _named():
        device_id = "" if is_group else store.read(lambda c: the_device(c, target)).device_id
        group = target if is_group else ""
        asked = Asked(rule, reason, who, waiving.last_second(until), device_id, group)
        asked = store.read(lambda c: waiving.checked(c, asked, now))
        with around.noting("waiver.requested", waiving.subject(asked), **waiving.told(asked)):
            number = store.write(lambda c: waiving.request(c, asked, now))
    say(
        sentence(
            f"Number {number} waits: somebody other than {plain(who)} approves it with "
            f"muster-collector waiver approve {number}, or on the page /waivers."
        )
    )


@waiver.command(epilog="Example: muster-collector waiver approve 12")
@NUMBER
@click.pass_obj
def approve(around: Surroundings, /, number: int) -> None:
    """Grant what somebody else asked for; what it extends ends."""
    from collector import waiving
    from collector.store.waivers import WaiverState

    now, who = around.clock(), around.who()

    def possible(c: "Connection") -> "Entry":
        entry = waiving.require(c, number, WaiverState.WAITING, now)
        waiving.require_other(entry, who)
        return entry

    entry = _do(around, "waiver.granted", possible, lambda c: waiving.approve(c, number, who, now))
    asked = entry.asked
    words = f"{asked.rule_id} is waived on {_target(asked)} until {exact(asked.ends_at)}."
    say(sentence(words))


@waiver.command(epilog='Example: muster-collector waiver refuse 12 --reason "encrypt it"')
@NUMBER
@click.option("--reason", "remark", default="", metavar="TEXT", help="Why not.")
@click.pass_obj
def refuse(around: Surroundings, /, number: int, remark: str) -> None:
    """Say no to a request, or take back your own."""
    from collector import waiving
    from collector.store.waivers import WaiverState

    now, who = around.clock(), around.who()
    entry = _do(
        around,
        "waiver.refused",
        lambda c: waiving.require(c, number, WaiverState.WAITING, now),
        lambda c: waiving.refuse(c, number, who, now, remark),
    )
    word = "refused" if waiving.may_approve(entry, who) else "taken back"
    say(sentence(f"Number {number} is {word}: {entry.asked.rule_id} on {_target(entry.asked)}."))


@waiver.command(epilog="Example: muster-collector waiver end 12")
@NUMBER
@click.pass_obj
def end(around: Surroundings, /, number: int) -> None:
    """End an exception now: the finding counts again."""
    from collector import waiving
    from collector.store.waivers import WaiverState

    now, who = around.clock(), around.who()
    entry = _do(
        around,
        "waiver.ended",
        lambda c: waiving.require(c, number, WaiverState.IN_FORCE, now),
        lambda c: waiving.end(c, number, who, now),
    )
    say(sentence(f"{entry.asked.rule_id} counts again on {_target(entry.asked)}."))


@waiver.command("list", epilog="Example: muster-collector waiver list --all --json")
@click.option("--all", "wants_all", is_flag=True, help="Ended and refused ones, too.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_waivers(around: Surroundings, /, wants_all: bool, wants_json: bool) -> None:
    """List what waits for a decision and what is in force."""
    from collector.store import Connection, devices, waivers

    now = around.clock()

    def find(c: Connection) -> "list[tuple[str, Entry]]":
        if wants_all:
            listed = waivers.every(c, 2**53, MOST_LISTED)
        else:
            listed = waivers.waiting(c, now, 0, MOST_LISTED)
            listed += waivers.in_force(c, now, None, None, MOST_LISTED)
        known = {each.asked.device_id: devices.get(c, each.asked.device_id) for each in listed}
        names = {key: device.hostname if device else "" for key, device in known.items()}
        return [(names[each.asked.device_id], each) for each in listed]

    with around.reading("waiver list") as store:
        found = store.read(find)
    if wants_json:
        say(as_json({"waivers": [_fields(name, each, now) for name, each in found]}))
    elif not found:
        say("No waiver waits or is in force." if not wants_all else "None was ever asked for.")
    else:
        _print(found, now)


def _print(found: "list[tuple[str, Entry]]", now: "datetime") -> None:
    say(f"{'NO.':7}{'DEVICE OR GROUP':27}{'RULE':29}UNTIL")
    for name, each in found:
        asked = each.asked
        target = f"group {asked.group}" if asked.group else name or "(no name)"
        until = f"{asked.ends_at:%Y-%m-%d}"
        say(f"{each.number:<7}{fitted(target, 25)}  {fitted(asked.rule_id, 27)}  {until}")
        by = f"asked for by {asked.requested_by}"
        if each.decided_by:
            by += f", {each.decision} by {each.decided_by}"
        state = each.state(now).replace("_", " ")
        say(indented(f"{state}: {asked.reason} ({by})"))


def _do(
    around: Surroundings,
    action: str,
    possible: "Callable[[Connection], Entry]",
    change: "Callable[[Connection], Entry]",
) -> "Entry":
    """Only what is possible is written down; then it is done."""
    from collector import waiving
    from collector.upkeep import rejudge_due

    with around.store() as store, _named():
        entry = store.read(possible)
        detail = waiving.told(entry.asked, entry.number)
        with around.noting(action, waiving.subject(entry.asked), **detail):
            done = store.write(change)
        if entry.asked.group:
            rejudge_due(store, around.clock)
    return done


@contextmanager
def _named() -> Iterator[None]:
    """What cannot be done, in one line that names the option."""
    from collector.waiving import NotWaived

    try:
        yield
    except NotWaived as error:
        option = f"--{error.field}: " if error.field in ("until", "reason") else ""
        raise BadInput(f"{option}{plain(str(error))}") from None


def _target(asked: "Asked") -> str:
    return f"the group {plain(asked.group)}" if asked.group else asked.device_id


def _fields(hostname: str, each: "Entry", now: "datetime") -> dict[str, object]:
    asked, state = each.asked, each.state(now)
    return {
        "number": each.number,
        "state": state,
        "device_id": asked.device_id,
        "hostname": hostname,
        "group": asked.group,
        "rule_id": asked.rule_id,
        "reason": asked.reason,
        "requested_by": asked.requested_by,
        "requested_at": each.requested_at,
        "ends_at": asked.ends_at,
        "decision": each.decision,
        "decided_by": each.decided_by,
        "decided_at": each.decided_at,
        "remark": each.remark,
        "ended_by": each.ended_by,
        "ended_at": each.ended_at,
        "in_force": state == "in_force",
    }


COMMAND = waiver
