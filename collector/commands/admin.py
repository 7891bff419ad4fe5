"""`muster-collector admin`: people's way in, when they are new or have lost it."""

import click

from collector.surroundings import BadInput, Surroundings
from collector.terminal import hint, say


@click.group(epilog="Example: muster-collector admin setup-link admin")
def admin() -> None:
    """Look after the accounts of those who may log in."""


@admin.command("setup-link", epilog="Example: muster-collector admin setup-link admin --new-factor")
@click.argument("name", metavar="NAME")
@click.option("--new-factor", is_flag=True, help="The authenticator app was lost, too.")
@click.pass_obj
def setup_link(around: Surroundings, /, name: str, new_factor: bool) -> None:
    """Print a one-time link by which NAME chooses a new password.

    The old password and every session end at once.
    """
    from collector.accounts.invitations import NoSuchAccount, let_in_anew

    now, pages = around.clock(), around.web_address()
    factor = "removed" if new_factor else "kept"
    with around.store() as store:
        try:
            with around.noting("account.changed", f"account:{name}", by="link", factor=factor):
                token = store.write(lambda c: let_in_anew(c, name, now, factors_too=new_factor))
        except NoSuchAccount as error:
            raise BadInput(str(error)) from error
    say(f"{pages}/setup/{token}")
    hint(f"{name} opens this link within a day to choose a password. It works once.")


COMMAND = admin
