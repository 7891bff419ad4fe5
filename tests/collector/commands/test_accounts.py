"""Who may enter, decided at the command line: the same rules as on the page, and one line each."""

import pytest

from collector.accounts.invitations import invited
from collector.store import accounts, sessions
from collector.store.accounts import Account
from collector.store.sessions import Session
from tests.collector.commands.conftest import Console
from tests.collector.desk import Desk


@pytest.fixture
def running(desk: Desk) -> Desk:
    """A collector whose pages can be called, with two owners."""
    (desk.store.path.parent / "serving.json").write_text('{"web": "https://collector.example"}')
    for name in ("olga", "otto"):
        owner = Account(name, "hash", desk.clock(), "owner")
        desk.store.write(lambda c, each=owner: accounts.add(c, each))
    return desk


def held(desk: Desk, name: str = "alice") -> Account:
    account = desk.store.read(lambda c: accounts.get(c, name))
    assert account is not None
    return account


def test_an_account_is_added_with_a_link_and_listed(running: Desk, console: Console) -> None:
    link = console.run("account", "add", "alice", "--role", "helpdesk").stdout.strip()
    now = running.clock()
    token = link.rpartition("/")[2]
    assert running.store.read(lambda c: invited(c, token, now)) == "alice"
    assert (held(running).role, held(running).password_hash) == ("helpdesk", "")
    assert "alice                 helpdesk  none" in console.says("account", "list")
    listed = console.reads("account", "list")["accounts"]
    assert next((each["username"], each["role"]) for each in listed) == ("alice", "helpdesk")


def test_a_role_is_changed_and_the_sessions_end(running: Desk, console: Console) -> None:
    now = running.clock()
    session = Session(b"h" * 32, "otto", now, now.replace(year=2027))
    running.store.write(lambda c: sessions.add(c, session))
    console.says("account", "role", "otto", "viewer")
    assert held(running, "otto").role == "viewer"
    assert running.store.read(lambda c: sessions.get(c, b"h" * 32, now)) is None


def test_an_account_is_disabled_with_a_reason_and_enabled(running: Desk, console: Console) -> None:
    console.says("account", "disable", "otto", "--because", "has left")
    assert held(running, "otto").disabled_because == "has left"
    assert "disabled: has left" in console.says("account", "list")
    assert "otto is disabled" in console.refuses("account", "link", "otto")
    console.says("account", "enable", "otto")
    assert held(running, "otto").disabled_at is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("disable", "olga", "--because", "left"), "last owner who can enter"),
        (("role", "olga", "viewer"), "last owner who can enter"),
        (("disable", "nobody", "--because", "left"), "there is no account nobody"),
        (("disable", "olga", "--because", " "), "Say why"),
        (("enable", "olga"), "olga is not disabled"),
        (("add", "olga", "--role", "viewer"), "There is an account olga already"),
        (("add", "Bad Name", "--role", "viewer"), "is no username"),
        (("add", "x" * 65, "--role", "viewer"), "is no username"),
        (("add", "a\x1b[31m", "--role", "viewer"), "is no username"),
        (("add", "bob", "--role", "king"), "not one of"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    running: Desk, console: Console, words: tuple[str, ...], said: str
) -> None:
    console.says("account", "disable", "otto", "--because", "has left")
    before = running.store.read(accounts.list_all)
    assert said in console.refuses("account", *words)
    assert running.store.read(accounts.list_all) == before


def test_what_was_done_and_what_failed_is_in_the_log(running: Desk, console: Console) -> None:
    console.says("account", "disable", "otto", "--because", "has left")
    console.refuses("account", "disable", "olga", "--because", "left")
    log = (running.store.path.parent / "audit" / "000001.log").read_text()
    assert '"action":"account.disabled","outcome":"done","on":"account:otto"' in log
    assert '"action":"account.disabled","outcome":"failed","on":"account:olga"' in log


def test_a_setup_link_ends_the_password_and_the_sessions(desk: Desk, console: Console) -> None:
    folder, now = desk.store.path.parent, desk.clock()
    (folder / "serving.json").write_text('{"web": "https://collector.example:7845"}')
    desk.store.write(lambda c: accounts.add(c, accounts.Account("alice", "hash", now, "viewer")))
    desk.store.write(
        lambda c: sessions.add(c, Session(b"h" * 32, "alice", now, now.replace(year=2027)))
    )
    desk.store.write(lambda c: accounts.set_totp(c, "alice", b"sealed"))
    link = console.run("account", "link", "alice").stdout.strip()
    assert link.startswith("https://collector.example:7845/setup/")
    account = desk.store.read(lambda c: accounts.get(c, "alice"))
    assert account is not None
    assert (account.password_hash, account.totp_sealed) == ("", b"sealed")
    assert desk.store.read(lambda c: sessions.get(c, b"h" * 32, now)) is None
    token = link.rpartition("/")[2]
    assert desk.store.read(lambda c: invited(c, token, now)) == "alice"
    log = (folder / "audit" / "000001.log").read_text()
    assert '"actor":"system"' in log
    assert '"on":"account:alice"' in log
    assert token not in log


def test_a_new_factor_comes_with_the_link_when_it_is_asked_for(
    desk: Desk, console: Console
) -> None:
    folder, now = desk.store.path.parent, desk.clock()
    (folder / "serving.json").write_text('{"web": "https://collector.example:7845"}')
    desk.store.write(lambda c: accounts.add(c, accounts.Account("alice", "hash", now, "viewer")))
    desk.store.write(lambda c: accounts.set_totp(c, "alice", b"sealed"))
    console.run("account", "link", "alice", "--new-factor")
    account = desk.store.read(lambda c: accounts.get(c, "alice"))
    assert account is not None
    assert account.totp_sealed is None


def test_a_link_for_nobody_or_to_nowhere_is_refused(desk: Desk, console: Console) -> None:
    assert "the collector does not run" in console.run("account", "link", "alice").stderr
    (desk.store.path.parent / "serving.json").write_text('{"web": "https://collector.example"}')
    refused = console.run("account", "link", "alice")
    assert refused.exit_code == 2
    assert "there is no account alice" in refused.stderr
