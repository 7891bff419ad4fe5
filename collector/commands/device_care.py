"""`muster-collector device owner|groups|forget`: whose a device is, and its erasure."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from collector.commands.people import sure
from collector.surroundings import BadInput, Surroundings
from collector.terminal import called, say, sentence

if TYPE_CHECKING:
    from collector.deciding import Order
    from collector.model import Device
    from collector.store import Connection

Change = Callable[["Connection", "Order"], None]


@click.command(epilog="Example: muster-collector device owner alpha alice@example.org")
@click.argument("device", metavar="DEVICE")
@click.argument("email", metavar="EMAIL", default="")
@click.pass_obj
def owner(around: Surroundings, /, device: str, email: str) -> None:
    """Give a device to a person, or without EMAIL to nobody."""
    from collector import deciding

    told = ("device.changed", {"to": "owner" if email else "no owner"})
    meant = _done(around, device, told, lambda c, order: deciding.set_owner(c, order, email))
    whose = email or "nobody"
    say(sentence(f"{called(meant)} belongs to {whose}."))


@click.command(epilog="Example: muster-collector device groups alpha sales paris")
@click.argument("device", metavar="DEVICE")
@click.argument("names", metavar="GROUP", nargs=-1)
@click.pass_obj
def groups(around: Surroundings, /, device: str, names: tuple[str, ...]) -> None:
    """Have a device in these groups and in no other."""
    from collector import deciding

    told = ("device.changed", {"to": "groups", "groups": ", ".join(names)})
    meant = _done(around, device, told, lambda c, order: deciding.set_groups(c, order, names))
    say(sentence(f"{called(meant)} is in {', '.join(names) or 'no group'}."))


@click.command("continue", epilog="Example: muster-collector device continue alpha --of 3f9c0e12")
@click.argument("device", metavar="DEVICE")
@click.option("--of", "earlier", required=True, metavar="DEVICE", help="What it was before.")
@click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")
@click.pass_obj
def continue_(around: Surroundings, /, device: str, earlier: str, yes: bool) -> None:
    """Say that a device is the same laptop as an earlier one, installed anew.

    Owner, groups and waivers come over; the earlier one is retired and its history stays.
    """
    from collector import continuing, deciding
    from collector.selecting import the_device

    with around.store() as store:
        meant, before = store.read(lambda c: (the_device(c, device), the_device(c, earlier)))
        order = deciding.Order(meant.device_id, around.clock(), around.who())
        try:
            store.read(lambda c: continuing.possible(c, order, before.device_id))
        except deciding.NotPossible as error:
            raise BadInput(str(error).rstrip(".")) from error
    sure(yes, f"Is {called(meant)} the same laptop as {called(before)}? That one is retired.")
    told = ("device.changed", {"to": "continue", "of": before.device_id})
    _done(around, meant.device_id, told, lambda c, o: continuing.approve(c, o, before.device_id))
    say(sentence(f"{called(meant)} continues {called(before)}, which is retired."))


@click.command(epilog="Example: muster-collector device forget alpha --yes")
@click.argument("device", metavar="DEVICE")
@click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")
@click.pass_obj
def forget(around: Surroundings, /, device: str, yes: bool) -> None:
    """Erase all that is kept of a device. The audit log keeps its id."""
    from collector import deciding
    from collector.selecting import the_device

    with around.store() as store:
        meant = store.read(lambda c: the_device(c, device))
    sure(yes, f"Erase {called(meant)} with its whole history? It cannot be taken back.")
    typed = meant.device_id
    _done(
        around,
        meant.device_id,
        ("device.forgotten", {}),
        lambda c, order: deciding.forget(c, order, typed),
    )
    say(sentence(f"{called(meant)} is forgotten."))


def _done(
    around: Surroundings, device: str, told: tuple[str, dict[str, str]], change: Change
) -> "Device":
    """Make the change, written down first; the device as it was."""
    from collector import deciding
    from collector.selecting import the_device

    action, detail = told
    with around.store() as store:
        meant = store.read(lambda c: the_device(c, device))
        order = deciding.Order(meant.device_id, around.clock(), around.who())
        try:
            with around.noting(action, f"device:{meant.device_id}", **detail):
                store.write(lambda c: change(c, order))
        except deciding.NotPossible as error:
            raise BadInput(str(error).rstrip(".")) from error
    return meant
