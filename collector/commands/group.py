"""`muster-collector group`: groups of devices, and who is in them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from collector.command_list import CommandList
from collector.model import Device
from collector.surroundings import BadInput, Surroundings
from collector.terminal import as_json, counted, fitted, plain, say, sentence

if TYPE_CHECKING:
    from collector.store import Connection

T = TypeVar("T")
FIELDS = ("name", "description", "contact", "devices", "created_at")


@click.group(cls=CommandList, epilog="Example: muster-collector group list")
def group() -> None:
    """Make groups of devices, and put devices in and out.

    DEVICE is a host name, an id, or the beginning of one.
    """


@group.command("list", epilog="Example: muster-collector group list --json")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_groups(around: Surroundings, /, wants_json: bool) -> None:
    """List the groups by name, with how many devices are in each."""
    from collector.store import groups

    with around.reading("group list") as store:
        found = store.read(lambda c: groups.find(c, limit=10_000)).groups
    if wants_json:
        say(as_json({"groups": [{f: getattr(each, f) for f in FIELDS} for each in found]}))
    elif not found:
        say("There is no group yet. Make one: muster-collector group make sales")
    for each in () if wants_json else found:
        say(f"{fitted(each.name, 30)}  {each.devices:>8}  {fitted(each.description, 38).rstrip()}")


@group.command(epilog='Example: muster-collector group make sales --description "All of sales"')
@click.argument("name", metavar="NAME")
@click.option("--description", metavar="TEXT", default="", help="What it is for.")
@click.option("--contact", metavar="EMAIL", default="", help="Whom to ask about its devices.")
@click.pass_obj
def make(around: Surroundings, /, name: str, description: str, contact: str) -> None:
    """Make a group of devices."""
    from collector import grouping
    from collector.store.groups import Group

    made = Group(name, description, contact, around.clock())
    _done(around, name, "made", lambda c: grouping.make(c, made))
    say(f"There is a group {name} now.")


@group.command(epilog="Example: muster-collector group show sales --json")
@click.argument("name", metavar="NAME")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(around: Surroundings, /, name: str, wants_json: bool) -> None:
    """Show what a group is for, whom to ask, and the devices in it."""
    from collector.store import devices, groups

    def look(c: "Connection") -> tuple[groups.Group | None, list[Device]]:
        found = (devices.get(c, each) for each in groups.members(c, name))
        return groups.get(c, name), [each for each in found if each is not None]

    with around.reading("group show") as store:
        found, members = store.read(look)
    if found is None:
        raise BadInput(f"no group {plain(name)[:48]!r} (see muster-collector group list)")
    if wants_json:
        said = {each: getattr(found, each) for each in FIELDS}
        listed = [{"device_id": d.device_id, "hostname": d.hostname} for d in members]
        say(as_json({**said, "members": listed}))
        return
    for each in (found.description, found.contact and f"Ask {found.contact}."):
        if each:
            say(each)
    for device in members:
        say(f"{fitted(device.hostname or '(no name)', 30)}  {device.device_id}")
    say(f"{counted(len(members), 'device')} in {found.name}.")


@group.command(epilog="Example: muster-collector group describe sales --contact it@example.org")
@click.argument("name", metavar="NAME")
@click.option("--description", metavar="TEXT", help="What it is for.")
@click.option("--contact", metavar="EMAIL", help="Whom to ask about its devices.")
@click.pass_obj
def describe(
    around: Surroundings, /, name: str, description: str | None, contact: str | None
) -> None:
    """Say what a group is for and whom to ask; what is left out stays."""
    from collector import grouping

    if description is None and contact is None:
        raise BadInput("give --description, --contact or both: what is left out stays")

    def change(c: "Connection") -> None:
        was = grouping.known(c, name)
        said = was.description if description is None else description
        grouping.describe(c, name, said, was.contact if contact is None else contact)

    _done(around, name, "described", change)
    say(f"{plain(name)} is described anew.")


@group.command(epilog="Example: muster-collector group remove sales")
@click.argument("name", metavar="NAME")
@click.pass_obj
def remove(around: Surroundings, /, name: str) -> None:
    """Take a group away; the devices stay."""
    from collector import grouping

    now = around.clock()
    _done(around, name, "removed", lambda c: grouping.remove(c, name, now))
    say(sentence(f"There is no group {name} any more."))


@group.command(epilog="Example: muster-collector group add sales lap-1 lap-2")
@click.argument("name", metavar="NAME")
@click.argument("devices", metavar="DEVICE...", nargs=-1, required=True)
@click.pass_obj
def add(around: Surroundings, /, name: str, devices: tuple[str, ...]) -> None:
    """Put devices into a group."""
    from collector import grouping

    now = around.clock()
    count = _done(around, name, "in", lambda c: grouping.put_in(c, name, _ids(c, devices), now))
    say(f"{counted(count, 'device')} came into {name}.")


@group.command(epilog="Example: muster-collector group drop sales lap-1")
@click.argument("name", metavar="NAME")
@click.argument("devices", metavar="DEVICE...", nargs=-1, required=True)
@click.pass_obj
def drop(around: Surroundings, /, name: str, devices: tuple[str, ...]) -> None:
    """Take devices out of a group."""
    from collector import grouping

    now = around.clock()
    count = _done(around, name, "out", lambda c: grouping.take_out(c, name, _ids(c, devices), now))
    say(f"{counted(count, 'device')} went out of {name}.")


def _ids(c: "Connection", words: tuple[str, ...]) -> list[str]:
    from collector.selecting import the_device

    return [the_device(c, each).device_id for each in words]


def _done(around: Surroundings, name: str, to: str, change: "Callable[[Connection], T]") -> T:
    """Make the change, written down first."""
    noting = around.noting("group.changed", f"group:{plain(name)[:64]}", to=to)
    with around.store() as store, _in_one_line(), noting:
        return store.write(change)


@contextmanager
def _in_one_line() -> Iterator[None]:
    """What cannot be done to a group, as the command line says it."""
    from collector.grouping import NotPossible

    try:
        yield
    except NotPossible as error:
        raise BadInput(str(error).rstrip(".")) from error


COMMAND = group
