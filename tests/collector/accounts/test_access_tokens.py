"""A token is its owner's, narrower by its role, and gone with whatever made its owner sure."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collector.accounts import access_tokens
from collector.accounts.access_tokens import Bearer, NotMade, Wish, holds, roles_for
from collector.accounts.roles import ROLES, Permission, Role
from collector.store import Connection, Store, accounts, factors
from collector.store.accounts import Account
from collector.store.factors import Passkey
from tests.fakes import FixedClock

DAY = timedelta(days=1)


class Desk:
    """One account, alice, with a store and a clock."""

    def __init__(self, folder: Path, role: Role = Role.ADMIN) -> None:
        self.clock = FixedClock()
        self.store = Store.open(folder, clock=self.clock)
        account = Account("alice", "hash", self.clock(), role.value)
        self.store.write(lambda c: accounts.add(c, account))

    def make(self, role: Role = Role.VIEWER, life: timedelta = DAY, label: str = "job") -> str:
        wish = Wish(label, role, self.clock() + life)
        made = self.store.write(lambda c: access_tokens.make(c, "alice", wish, self.clock()))
        return made.secret

    def bearer(self, secret: str) -> Bearer | None:
        return self.store.read(lambda c: access_tokens.bearer(c, secret, self.clock()))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


def test_a_token_opens_what_its_owner_and_its_role_both_may(desk: Desk) -> None:
    secret = desk.make(Role.VIEWER)
    found = desk.bearer(secret)
    assert found is not None
    assert found.username == "alice"
    assert found.holds == ROLES[Role.VIEWER] & ROLES[Role.ADMIN]
    assert Permission.SEE_AUDIT not in found.holds
    assert found.name == f"alice/{found.token_id}"
    assert secret not in repr(found)


@pytest.mark.parametrize("role", Role)
def test_nobody_gives_a_token_more_than_the_own_role_is_ranked(role: Role) -> None:
    assert roles_for(role)[-1] is role
    for lesser in roles_for(role):
        assert holds(lesser, role) <= ROLES[role]


def test_the_secret_is_kept_nowhere(desk: Desk, tmp_path: Path) -> None:
    secret = desk.make()
    desk.store.close()
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes()
            assert secret.removeprefix("muster_pat_").encode() not in file.read_bytes()


def test_a_role_that_is_taken_away_takes_the_tokens_power_at_once(desk: Desk) -> None:
    secret = desk.make(Role.ADMIN)
    desk.store.write(lambda c: accounts.set_role(c, "alice", "viewer"))
    found = desk.bearer(secret)
    assert found is not None
    assert Permission.CHANGE_POLICY not in found.holds


def test_a_token_ends_with_its_day(desk: Desk) -> None:
    secret = desk.make(life=DAY)
    desk.clock.advance(hours=23, minutes=59)
    assert desk.bearer(secret)
    desk.clock.advance(minutes=1)
    assert desk.bearer(secret) is None


@pytest.mark.parametrize("life", [timedelta(0), -DAY, timedelta(days=365, seconds=1)])
def test_a_token_lasts_a_year_at_most(desk: Desk, life: timedelta) -> None:
    with pytest.raises(NotMade, match="within the next 365 days"):
        desk.make(life=life)


@pytest.mark.parametrize("label", ["", "a\nb", "x" * 101])
def test_a_token_says_what_it_is_for(desk: Desk, label: str) -> None:
    with pytest.raises(NotMade, match="label"):
        desk.make(label=label)


def test_a_token_above_the_owner_is_refused(desk: Desk) -> None:
    with pytest.raises(NotMade, match="viewer, helpdesk, admin"):
        desk.make(Role.OWNER)


def test_twenty_tokens_are_the_most_and_those_that_ended_do_not_count(desk: Desk) -> None:
    for _ in range(access_tokens.MOST_OF_ONE_PERSON):
        desk.make()
    with pytest.raises(NotMade, match="remove one first"):
        desk.make()
    desk.clock.advance(days=2)
    assert desk.bearer(desk.make())


def _passkey(c: Connection) -> None:
    factors.add_passkey(c, Passkey(b"id", "alice", "key", b"k", 0, FixedClock()()))


ENDS: dict[str, Callable[[Connection], object]] = {
    "password": lambda c: accounts.set_password(c, "alice", "other", FixedClock()()),
    "app": lambda c: accounts.set_totp(c, "alice", b"sealed"),
    "passkey": _passkey,
    "passkey gone": lambda c: factors.remove_passkey(c, "alice", b"id"),
    "removed": lambda c: accounts.remove(c, "alice"),
}


@pytest.mark.parametrize("change", ENDS.values(), ids=ENDS.keys())
def test_a_token_ends_with_the_password_and_the_factors(
    desk: Desk, change: Callable[[Connection], object]
) -> None:
    secret = desk.make()
    desk.store.write(change)
    assert desk.bearer(secret) is None


def test_a_disabled_account_has_no_token_even_when_it_is_enabled_again(desk: Desk) -> None:
    secret = desk.make()
    desk.store.write(lambda c: accounts.disable(c, "alice", desk.clock(), "left"))
    assert desk.bearer(secret) is None
    desk.store.write(lambda c: accounts.enable(c, "alice", desk.clock()))
    assert desk.bearer(secret) is None
    with pytest.raises(NotMade):
        desk.store.write(
            lambda c: access_tokens.make(
                c, "bob", Wish("x", Role.VIEWER, desk.clock() + DAY), desk.clock()
            )
        )


@pytest.mark.parametrize("text", ["", "muster_pat_", "x" * 54, "muster_pat_" + "é" * 43])
def test_what_has_not_the_form_is_not_looked_up(desk: Desk, text: str) -> None:
    assert desk.bearer(text) is None


def test_the_last_use_is_noted_once_a_minute(desk: Desk) -> None:
    from collector.store import personal_tokens

    found = desk.bearer(desk.make())
    assert found is not None
    seen = []
    for _ in range(3):
        desk.store.write(lambda c: access_tokens.note_use(c, found.token_id, desk.clock()))
        (token,) = desk.store.read(lambda c: personal_tokens.of_person(c, "alice"))
        seen.append(token.last_used_at)
        desk.clock.advance(seconds=40)
    assert seen[0] == seen[1] != seen[2]


def test_who_has_no_password_here_is_told_why_there_is_no_token(desk: Desk) -> None:
    """Such a token would open nothing: it ends with the password it was made under."""
    desk.store.write(lambda c: accounts.set_password(c, "alice", "", desk.clock()))
    with pytest.raises(NotMade, match="no password here"):
        desk.make()
