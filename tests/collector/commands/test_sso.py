"""The provider's settings are checked, and accounts connected, at the command line."""

from functools import partial

from collector.store import accounts, linked_identities
from collector.store.accounts import Account
from tests.collector.commands.conftest import Console
from tests.collector.desk import Desk

SETTINGS = """
issuer = "https://127.0.0.1:1"
address = "https://muster.example"
client_id = "muster"
private_network = true
[role]
claim = "groups"
[role.of]
staff = "viewer"
"""


def settings(console: Console, text: str = SETTINGS) -> None:
    (console.folder / "sso.toml").write_text(text)


def add(desk: Desk, *names: str) -> None:
    for name in names:
        account = Account(name, "", desk.clock())
        desk.store.write(partial(accounts.add, account=account))


def test_without_settings_the_file_to_write_is_named(console: Console) -> None:
    assert "write " + str(console.folder / "sso.toml") in console.refuses("sso", "check")


def test_one_wrong_setting_is_named(console: Console) -> None:
    settings(console, SETTINGS.replace('client_id = "muster"', ""))
    assert "missing required field `client_id`" in console.refuses("sso", "check")


def test_a_provider_that_does_not_answer_is_named(console: Console) -> None:
    settings(console)
    said = console.refuses("sso", "check", status=1)
    assert said.startswith("https://127.0.0.1:1 cannot be used: 127.0.0.1:1 cannot be reached")


def test_a_provider_inside_the_network_must_be_allowed(console: Console) -> None:
    settings(console, SETTINGS.replace("private_network = true", ""))
    assert "set private_network = true" in console.refuses("sso", "check", status=1)


def test_an_account_is_connected_listed_and_disconnected(desk: Desk, console: Console) -> None:
    settings(console)
    add(desk, "alice", "bob")
    assert "No account" in console.says("sso", "list")
    assert "alice can log in by https://127.0.0.1:1" in console.says("sso", "link", "alice", "42")
    assert "alice" in console.says("sso", "list")
    (row,) = console.reads("sso", "list")["connected"]
    assert (row["username"], row["subject"], row["linked_by"]) == ("alice", "42", "alice")
    assert "connected already" in console.refuses("sso", "link", "alice", "43")
    assert "another account" in console.refuses("sso", "link", "bob", "42")
    assert "alice is disconnected" in console.says("sso", "unlink", "alice")
    assert desk.store.read(linked_identities.list_all) == []
    assert "connected with no provider" in console.refuses("sso", "unlink", "alice")


def test_who_is_not_there_cannot_be_connected(console: Console) -> None:
    settings(console)
    assert "no account nobody" in console.refuses("sso", "link", "nobody", "42")
    assert "is no subject" in console.refuses("sso", "link", "nobody", " ")
