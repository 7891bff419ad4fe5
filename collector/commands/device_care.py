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
