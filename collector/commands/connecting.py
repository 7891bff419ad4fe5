"""`muster-collector account connect-app`: an authenticator app, by a QR code in the terminal."""

from io import StringIO
from typing import TYPE_CHECKING

import click

from collector.surroundings import BadInput, Surroundings
from collector.terminal import plain, say

if TYPE_CHECKING:
    from collector.store import Connection

TRIES = 3
DEFAULT_NAME = "Muster"


@click.command("connect-app", epilog="Example: muster-collector account connect-app alice")
@click.argument("name", metavar="NAME")
@click.pass_obj
def connect_app(around: Surroundings, /, name: str) -> None:
    """Connect an authenticator app to NAME's account, by a QR code in this terminal.

    It takes the place of the one that was connected; every session ends.
    """
    import segno

    from collector.accounts import totp
    from collector.accounts.sealing import open_seal
    from collector.environment import called, kept
    from collector.store import accounts

    with around.store() as store:
        if store.read(lambda c: accounts.get(c, name)) is None:
            raise BadInput(f"there is no account {plain(name)}")
        secret = around.chance(totp.SECRET_BYTES)
        square = StringIO()
        uri = totp.setup_uri(secret, name, called(DEFAULT_NAME, kept(around.folder)))
        segno.make(uri, error="l").terminal(square, compact=True)
        say(square.getvalue().rstrip())
        say(f"Scan this with the app, or type into it: {totp.typed(secret)}")
        step = _proven(secret, around)
        sealed = open_seal(around.folder).close(secret, name)
        with around.noting("account.factor_changed", f"account:{name}", to="app"):
            codes = store.write(lambda c: _connect(c, name, sealed, step))
    say(["", "Recovery codes, shown only now; each lets you in once without the app:", ""])
    say([f"  {code}" for code in codes])


def _proven(secret: bytes, around: Surroundings) -> int:
    """The step of the code that the person types: the app has the secret."""
    from collector.accounts import totp

    for _ in range(TRIES):
        code = click.prompt("The six digits that the app shows", type=str)
        step = totp.accepted_step(secret, code, around.clock(), 0)
        if step is not None:
            return step
        say("That is not the code of now. Is the clock of the phone right?")
    raise BadInput("the app was not connected: run this again for a new QR code")


def _connect(c: "Connection", name: str, sealed: bytes, step: int) -> tuple[str, ...]:
    from collector.accounts import recovery
    from collector.store import accounts, factors, sessions

    codes = recovery.new_codes()
    accounts.set_totp(c, name, sealed, step)
    factors.set_codes(c, name, [recovery.hash_of(code) for code in codes])
    sessions.end_all(c, name)
    return codes
