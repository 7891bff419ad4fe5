"""`muster-collector admin`: the local administrator's account."""

import click

from collector.surroundings import Surroundings
from collector.terminal import hint, say


@click.group(epilog="Example: muster-collector admin reset-password")
def admin() -> None:
    """Look after the administrator's account."""


@admin.command("reset-password", epilog="Example: muster-collector admin reset-password")
@click.pass_obj
def reset_password(around: Surroundings) -> None:
    """Make a new password for `admin`, print it once, and end every session."""
    from collector.accounts import administrator
    from collector.store import events

    now = around.clock()
    with around.store() as store:
        password = store.write(lambda c: administrator.reset_password(c, now))
        detail = f"of {administrator.USERNAME} by {around.who()}"
        store.write(lambda c: events.add(c, now, "password reset", "", detail))
    say(password)
    hint(f"This is the new password of {administrator.USERNAME}; it is not shown again.")


COMMAND = admin
