"""`muster-collector account`: who may enter, for those at the collector's own command line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from collector.command_list import CommandList
from collector.commands.connecting import connect_app
from collector.surroundings import BadInput, Surroundings
from collector.terminal import as_json, fitted, hint, plain, say
from collector.wording import exact

if TYPE_CHECKING:
    from collector.accounts.people import Order
    from collector.store import Connection
    from collector.store.accounts import Account

T = TypeVar("T")

ROLE = click.Choice(["viewer", "helpdesk", "admin", "owner"])


@click.group(cls=CommandList, epilog="Example: muster-collector account add alice --role helpdesk")
def account() -> None:
    """Look after the accounts of those who may log in."""


@account.command("list", epilog="Example: muster-collector account list --json")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_accounts(around: Surroundings, wants_json: bool) -> None:
    """List every account: role, factors, last login, and why it is disabled."""
    from collector.store import accounts, factors

    def known(c: "Connection") -> list[tuple["Account", int]]:
        every = accounts.list_all(c)
        return [(each, len(factors.passkeys_of(c, each.username))) for each in every]

    with around.reading("account list") as store:
        rows = store.read(known)
    if wants_json:
        say(as_json({"accounts": [_fields(each, passkeys) for each, passkeys in rows]}))
        return
    say(f"{'ACCOUNT':22}{'ROLE':10}{'FACTORS':16}LAST LOGIN")
    for each, passkeys in rows:
        last = exact(each.last_login_at) if each.last_login_at else "never"
        state = f"disabled: {each.disabled_because}" if each.disabled_at else last
        held = fitted(_factors(each, passkeys), 15)
        say(f"{fitted(each.username, 21)} {each.role:10}{held} {fitted(state, 31).rstrip()}")


@account.command(epilog="Example: muster-collector account add alice --role viewer")
@click.argument("name", metavar="NAME")
@click.option("--role", type=ROLE, required=True, help="What NAME may do.")
@click.pass_obj
def add(around: Surroundings, /, name: str, role: str) -> None:
    """Add an account and print the one-time link by which NAME enters first."""
    from collector.accounts import people
    from collector.accounts.roles import Role

    pages = around.web_address()
    token = _done(
        around,
        ("account.added", name, {"role": role}),
        lambda c, order: people.add(c, order, Role(role)),
    )
    _hand_over(pages, token, name)


@account.command(epilog="Example: muster-collector account role alice admin")
@click.argument("name", metavar="NAME")
@click.argument("role", type=ROLE, metavar="ROLE")
@click.pass_obj
def role(around: Surroundings, /, name: str, role: str) -> None:
    """Give NAME another role: viewer, helpdesk, admin or owner. Every session ends."""
    from collector.accounts import people
    from collector.accounts.roles import Role

    _done(
        around,
        ("account.changed", name, {"role": role}),
        lambda c, order: people.change_role(c, order, Role(role)),
    )
    say(f"{name} is {role} from the next login on.")


@account.command(epilog='Example: muster-collector account disable alice --because "has left"')
@click.argument("name", metavar="NAME")
@click.option("--because", metavar="TEXT", required=True, help="Why; it is kept and audited.")
@click.pass_obj
def disable(around: Surroundings, /, name: str, because: str) -> None:
    """Let NAME in no more: sessions, tokens and links end at once."""
    from collector.accounts import people

    _done(
        around,
        ("account.disabled", name, {"because": because}),
        lambda c, order: people.disable(c, order, because),
    )
    say(f"{name} is disabled, and nobody is logged in as {name} any more.")


@account.command(epilog="Example: muster-collector account enable alice")
@click.argument("name", metavar="NAME")
@click.pass_obj
def enable(around: Surroundings, /, name: str) -> None:
    """Let NAME in again, with the password and the factors it had."""
    from collector.accounts import people

    _done(around, ("account.changed", name, {"to": "enabled"}), people.enable)
    say(f"{name} may log in again.")


@account.command(epilog="Example: muster-collector account link alice --new-factor")
@click.argument("name", metavar="NAME")
@click.option("--new-factor", is_flag=True, help="End the app, passkeys and single sign-on, too.")
@click.pass_obj
def link(around: Surroundings, /, name: str, new_factor: bool) -> None:
    """Print a one-time link by which NAME chooses a new password.

    The old password, every session and every token end at once. Single sign-on stays connected
    unless --new-factor says that nothing of the old is to be trusted.
    """
    from collector.accounts import people

    pages, factor = around.web_address(), "removed" if new_factor else "kept"
    token = _done(
        around,
        ("account.changed", name, {"by": "link", "factor": factor}),
        lambda c, order: people.let_in_anew(c, order, factors_too=new_factor),
    )
    _hand_over(pages, token, name)


def _done(
    around: Surroundings,
    noted: tuple[str, str, dict[str, str]],
    change: "Callable[[Connection, Order], T]",
) -> T:
    """Make the change, written down first as (action, account, detail)."""
    from collector.accounts.invitations import USERNAME
    from collector.accounts.people import Order

    action, name, detail = noted
    if not USERNAME.fullmatch(name):
        raise BadInput(
            f"{plain(name)!r} is no username: 1 to 64 small letters, digits and . _ @ + -, "
            "beginning with a letter or a digit"
        )
    order = Order(name, around.clock())
    noting = around.noting(action, f"account:{name}", **detail)
    with around.store() as store, _in_one_line(), noting:
        return store.write(lambda c: change(c, order))


@contextmanager
def _in_one_line() -> Iterator[None]:
    """What cannot be done to an account, as the command line says it."""
    from collector.accounts.invitations import NoSuchAccount
    from collector.accounts.people import NotPossible

    try:
        yield
    except (NoSuchAccount, NotPossible) as error:
        raise BadInput(str(error).rstrip(".")) from error


def _hand_over(pages: str, token: str, name: str) -> None:
    say(f"{pages}/setup/{token}")
    hint(f"{name} opens this link within a day to choose a password. It works once.")


def _factors(each: "Account", passkeys: int) -> str:
    held = ["app"] if each.totp_sealed is not None else []
    held += [f"{passkeys} passkey{'s' if passkeys > 1 else ''}"] if passkeys else []
    return ", ".join(held) or "none"


def _fields(each: "Account", passkeys: int) -> dict[str, object]:
    return {
        "username": each.username,
        "role": each.role,
        "app": each.totp_sealed is not None,
        "passkeys": passkeys,
        "created_at": each.created_at,
        "last_login_at": each.last_login_at,
        "disabled_at": each.disabled_at,
        "disabled_because": each.disabled_because,
    }


account.add_command(connect_app)

COMMAND = account
