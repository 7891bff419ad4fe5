"""T44's other half: a door that nobody uses is closed, and the last owner's never."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collector.accounts import access_tokens
from collector.accounts.access_tokens import Wish
from collector.accounts.roles import Role
from collector.accounts.unused import DISABLED_AFTER, disable_unused, last_used_at
from collector.audit.entry import COLLECTOR, Action, Entry
from collector.audit.journal import AuditUnavailable, Journal
from collector.store import Store, accounts
from collector.store.accounts import Account
from tests.collector.audit.log import SIGNER
from tests.fakes import FixedClock


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two owners and a viewer."""
    store = Store.open(tmp_path / "data")
    for name, role in (("alice", "owner"), ("bob", "owner"), ("carol", "viewer")):
        account = Account(name, "hash", FixedClock()(), role)
        store.write(lambda c, each=account: accounts.add(c, each))
    yield store
    store.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def journal(tmp_path: Path, clock: FixedClock) -> Journal:
    return Journal(tmp_path / "audit", SIGNER, clock)


def pass_days(days: int, clock: FixedClock, journal: Journal) -> None:
    """A collector that runs writes something every day."""
    for _ in range(days):
        clock.advance(days=1)
        journal.append(Entry(Action.STARTED, COLLECTOR))


def disabled(store: Store) -> set[str]:
    return {a.username for a in store.read(accounts.list_all) if a.disabled_at is not None}


def test_after_45_days_without_use_an_account_is_disabled(
    store: Store, clock: FixedClock, journal: Journal
) -> None:
    pass_days(44, clock, journal)
    store.write(lambda c: accounts.logged_in(c, "alice", clock()))
    assert disable_unused(store, journal, clock()) == ()
    pass_days(2, clock, journal)
    assert disable_unused(store, journal, clock()) == ("bob", "carol")
    assert disabled(store) == {"bob", "carol"}
    held = store.read(lambda c: accounts.get(c, "carol"))
    assert held
    assert held.disabled_because == "not used for 45 days"


def test_the_last_owner_stays(store: Store, clock: FixedClock, journal: Journal) -> None:
    pass_days(50, clock, journal)
    assert disable_unused(store, journal, clock()) == ("alice", "carol")
    assert disabled(store) == {"alice", "carol"}
    pass_days(50, clock, journal)
    assert disable_unused(store, journal, clock()) == ()


def test_who_is_enabled_again_has_another_45_days(
    store: Store, clock: FixedClock, journal: Journal
) -> None:
    pass_days(50, clock, journal)
    disable_unused(store, journal, clock())
    now = clock()
    store.write(lambda c: accounts.enable(c, "carol", now))
    held = store.read(lambda c: accounts.get(c, "carol"))
    assert held
    assert store.read(lambda c: last_used_at(c, held)) == now
    pass_days(44, clock, journal)
    assert disable_unused(store, journal, clock()) == ()


def test_a_clock_that_was_moved_disables_nobody(
    store: Store, clock: FixedClock, journal: Journal
) -> None:
    pass_days(3, clock, journal)
    clock.advance(days=DISABLED_AFTER / timedelta(days=1))
    assert disable_unused(store, journal, clock()) == ()
    assert disabled(store) == set()


def test_it_is_written_down_before_it_is_done(
    store: Store, clock: FixedClock, journal: Journal
) -> None:
    pass_days(50, clock, journal)
    journal.folder.rename(journal.folder.with_name("gone"))
    journal.folder.write_text("in the way")
    with pytest.raises((AuditUnavailable, OSError)):
        disable_unused(store, journal, clock())
    assert disabled(store) == set()


def test_who_uses_a_token_uses_the_account(
    store: Store, clock: FixedClock, journal: Journal
) -> None:
    wish = Wish("job", Role.VIEWER, clock() + timedelta(days=100))
    made = store.write(lambda c: access_tokens.make(c, "carol", wish, clock()))
    pass_days(40, clock, journal)
    store.write(lambda c: access_tokens.note_use(c, made.token_id, clock()))
    pass_days(10, clock, journal)
    held = store.read(lambda c: accounts.get(c, "carol"))
    assert held
    assert store.read(lambda c: last_used_at(c, held)) == clock() - timedelta(days=10)
    assert "carol" not in disable_unused(store, journal, clock())
    pass_days(40, clock, journal)
    assert "carol" in disable_unused(store, journal, clock())
