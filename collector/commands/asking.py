"""`device check-now` and `device lock`: a device is asked for something, from the command line."""

from typing import TYPE_CHECKING

import click

from collector.surroundings import BadInput, Surroundings
from collector.terminal import called, say, sentence

if TYPE_CHECKING:
    from collector.store.commands import CommandAction


@click.command("check-now", epilog="Example: muster-collector device check-now alpha")
@click.argument("device", metavar="DEVICE")
@click.pass_obj
def check_now(around: Surroundings, /, device: str) -> None:
    """Ask a device to observe anew and check in, as soon as it is in touch."""
    from collector.store.commands import CommandAction

    _ask(around, device, CommandAction.CHECK_NOW)


@click.command(
    "lock", epilog='Example: muster-collector device lock alpha --reason "left in a train"'
)
@click.argument("device", metavar="DEVICE")
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@click.pass_obj
def lock(around: Surroundings, /, device: str, reason: str) -> None:
    """Lock the screen of a device, as soon as it is in touch."""
    from collector.store.commands import CommandAction

    _ask(around, device, CommandAction.LOCK_SCREEN, reason)


def _ask(around: Surroundings, words: str, action: "CommandAction", reason: str = "") -> None:
    from collector import asking
    from collector.asking import NotAsked
    from collector.policy_in_force import policy_in_force
    from collector.selecting import the_device

    now = around.clock()
    with around.store() as store:
        meant, policy = store.read(lambda c: (the_device(c, words), policy_in_force(c)))
        try:
            wished = asking.wish(meant, action, around.who(), reason)
            told = {"command": action.value, "reason": wished.reason}
            with around.noting("command.given", f"device:{meant.device_id}", **told):
                _, new = store.write(lambda c: asking.ask(c, wished, now))
        except NotAsked as error:
            raise BadInput(str(error).rstrip(".")) from error
    when = asking.reached(meant, now, policy.check_in_minutes, connected=False)
    what = asking.ACTIONS[action].lower()
    first = f"{called(meant)} is asked to {what}." if new else f"Somebody has asked it to {what}."
    say(sentence(f"{first} {when}"))
