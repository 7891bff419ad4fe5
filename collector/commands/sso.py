"""`muster-collector sso`: whether people can log in by the OpenID provider, and who is connected.

What the provider is called and what it is believed stands in sso.toml in the data folder.
"""

import asyncio
from typing import TYPE_CHECKING

import click

from collector.command_list import CommandList
from collector.surroundings import BadInput, Surroundings, Trouble
from collector.terminal import as_json, counted, fitted, hint, plain, say, sentence
from collector.wording import exact

if TYPE_CHECKING:
    from collector.accounts.sso.settings import Settings


@click.group(cls=CommandList, epilog="Example: muster-collector sso check")
def sso() -> None:
    """Look after logins by an OpenID provider (sso.toml in the data folder)."""


@sso.command(epilog="Example: muster-collector sso check")
@click.pass_obj
def check(around: Surroundings) -> None:
    """Ask the provider for its addresses and keys, and say what is wrong."""
    from collector.accounts.sso.refusals import Refused
    from collector.accounts.sso.single_sign_on import single_sign_on

    settings = _settings(around)
    provider = single_sign_on(settings, around.clock).provider

    async def asked() -> int:
        await provider.metadata()
        return len(await provider.keys())

    try:
        keys = asyncio.run(asked())
    except Refused as refused:
        raise Trouble(f"{settings.said.issuer} cannot be used: {refused}") from refused
    say(sentence(f"{settings.said.issuer} answers and publishes {counted(keys, 'usable key')}."))
    say(f"Redirect URI to register there: {settings.return_address}")


@sso.command("list", epilog="Example: muster-collector sso list --json")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_links(around: Surroundings, /, wants_json: bool) -> None:
    """List the accounts that are connected with somebody at a provider."""
    from collector.store import linked_identities

    with around.reading("sso list") as store:
        found = store.read(linked_identities.list_all)
    if wants_json:
        fields = ("username", "issuer", "subject", "linked_at", "linked_by")
        say(as_json({"connected": [{key: getattr(each, key) for key in fields} for each in found]}))
    elif not found:
        say("No account is connected with a provider.")
    for each in () if wants_json else found:
        say(f"{fitted(each.username, 24)} {exact(each.linked_at)}  {fitted(each.subject, 30)}")


@sso.command(epilog="Example: muster-collector sso link alice 248289761001")
@click.argument("name", metavar="NAME")
@click.argument("subject", metavar="SUBJECT")
@click.pass_obj
def link(around: Surroundings, /, name: str, subject: str) -> None:
    """Connect the account NAME with the person SUBJECT (sub) at the provider.

    A refused login stands in the audit log with its subject, as `identity`.
    """
    from collector.store import Connection, accounts, linked_identities
    from collector.store.linked_identities import LinkedIdentity

    around.must_be_there()
    issuer = _settings(around).said.issuer
    if not subject.strip() or len(subject) > 255 or not subject.isprintable():
        raise BadInput(f"{subject!r} is no subject: give `sub` of the person at the provider")
    linked = LinkedIdentity(issuer, subject, name, around.clock(), around.who())

    def connect(c: Connection) -> None:
        if accounts.get(c, name) is None:
            raise BadInput(f"there is no account {name}")
        mine = linked_identities.of_person(c, name)
        if any(each.issuer == issuer for each in mine):
            raise BadInput(
                f"{name} is connected already: end that with `muster-collector sso unlink {name}`"
            )
        if not linked_identities.add(c, linked):
            raise BadInput("this person is connected with another account: `sso list` shows which")

    detail = {"sso": issuer, "identity": subject, "to": "connected"}
    with around.store() as store, around.noting("account.changed", f"account:{name}", **detail):
        store.write(connect)
    say(f"{plain(name)} can log in by {plain(issuer)} from now on.")


@sso.command(epilog="Example: muster-collector sso unlink alice")
@click.argument("name", metavar="NAME")
@click.pass_obj
def unlink(around: Surroundings, /, name: str) -> None:
    """Disconnect the account NAME from its provider; its sessions end."""
    from collector.store import Connection, accounts, linked_identities, sessions

    def disconnect(c: Connection) -> bool:
        if linked_identities.remove_all(c, name) == 0:
            raise BadInput(f"{name} is connected with no provider")
        sessions.end_all(c, name)
        account = accounts.get(c, name)
        return bool(account and account.password_hash)

    noting = around.noting("account.changed", f"account:{name}", to="disconnected")
    with around.store() as store, noting:
        has_password = store.write(disconnect)
    say(f"{plain(name)} is disconnected.")
    if not has_password:
        hint(f"{name} has no password, so nobody can log in as {name} now.")


def _settings(around: Surroundings) -> "Settings":
    from collector.accounts.sso.settings import FILE, SettingsError, read_settings

    try:
        settings = read_settings(around.folder)
    except SettingsError as error:
        raise BadInput(str(error)) from error
    if settings is None:
        raise BadInput(
            f"no provider is set: write {around.folder / FILE} (docs/single-sign-on.md has one)"
        )
    return settings


COMMAND = sso
