"""Tokens, certificates, policies, waivers, accounts and events keep what they promise."""

from dataclasses import replace
from datetime import timedelta

import pytest

from collector.model import FormFactor, Waiver
from collector.store import (
    Store,
    accounts,
    authorisations,
    certificates,
    devices,
    events,
    factors,
    invitations,
    personal_tokens,
    policies,
    sessions,
    tokens,
    tracked,
    waivers,
)
from collector.store.invitations import Invitation
from collector.store.personal_tokens import PersonalToken
from collector.store.sessions import Session
from tests.collector.granting import grant
from tests.fakes import FixedClock

DAY = timedelta(days=1)


def test_a_token_is_used_no_more_often_than_was_said(store: Store, clock: FixedClock) -> None:
    made = tokens.Token("t", b"hash", "office", clock(), clock() + DAY, max_uses=2)
    store.write(lambda c: tokens.add(c, made))
    used = [store.write(lambda c: tokens.use(c, "t", clock())) for _ in range(3)]
    assert used == [True, True, False]
    held = store.read(lambda c: tokens.by_hash(c, b"hash"))
    assert held is not None
    assert held.uses == 2


def test_a_token_ends_by_its_time_and_by_a_person(store: Store, clock: FixedClock) -> None:
    for name in ("a", "b"):
        made = tokens.Token(name, name.encode(), "", clock(), clock() + DAY, max_uses=9)
        store.write(lambda c, m=made: tokens.add(c, m))
    assert store.write(lambda c: tokens.revoke(c, "a", clock()))
    assert not store.write(lambda c: tokens.revoke(c, "a", clock()))
    assert not store.write(lambda c: tokens.use(c, "a", clock()))
    assert not store.write(lambda c: tokens.use(c, "b", clock() + DAY))
    assert store.write(lambda c: tokens.use(c, "b", clock()))
    assert [t.token_id for t in store.read(tokens.list_all)] == ["a", "b"]


def test_certificates_are_revoked_together_and_once(store: Store, clock: FixedClock) -> None:
    for serial in ("01", "02"):
        made = certificates.Certificate(serial, "d", clock(), clock() + DAY)
        store.write(lambda c, m=made: certificates.add(c, m))
    assert store.write(lambda c: certificates.revoke_all(c, "d", clock(), "lost")) == 2
    assert store.write(lambda c: certificates.revoke_all(c, "d", clock() + DAY, "again")) == 0
    held = store.read(lambda c: certificates.get(c, "01"))
    assert held is not None
    assert (held.revoked_at, held.revoked_because) == (clock(), "lost")
    assert store.read(lambda c: certificates.get(c, "03")) is None


def test_policies_are_numbered_and_kept(store: Store, clock: FixedClock) -> None:
    assert store.read(policies.current) is None
    for text in ("first", "second"):
        store.write(lambda c, t=text: policies.add(c, t, clock(), "alice"))
    current = store.read(policies.current)
    assert current is not None
    assert (current.version, current.text) == (2, "second")
    assert [p.version for p in store.read(policies.history)] == [2, 1]


def test_a_waiver_covers_its_time_and_ends_early(store: Store, clock: FixedClock) -> None:
    row = devices.InventoryRow("h", None, FormFactor.UNKNOWN)
    store.write(lambda c: devices.add(c, "d", row, clock()))
    granted = Waiver("d", "rule", "in repair", "alice", clock(), clock() + 2 * DAY)
    store.write(lambda c: grant(c, granted))
    later = clock() + DAY
    held = replace(granted, approved_by="bob", number=1)
    assert store.read(lambda c: waivers.active_for(c, "d", later)) == [held]
    assert store.read(lambda c: waivers.active_for(c, "d", granted.ends_at)) == []
    assert store.write(lambda c: waivers.end(c, 1, "carol", later))
    assert not store.write(lambda c: waivers.end(c, 1, "carol", later))
    assert store.read(lambda c: waivers.active_for(c, "d", later)) == []
    (entry,) = store.read(lambda c: waivers.every(c, 99, 9))
    assert (entry.ended_by, entry.ended_at) == ("carol", later)


def test_a_waiver_without_a_duration_is_refused(store: Store, clock: FixedClock) -> None:
    granted = Waiver("d", "rule", "why", "alice", clock(), clock())
    with pytest.raises(ValueError, match="ends after it begins"):
        store.write(lambda c: grant(c, granted))


def test_sessions_end_by_time_by_logout_and_all_at_once(store: Store, clock: FixedClock) -> None:
    start, end = clock(), clock() + DAY
    for token in (b"1", b"2", b"3"):
        store.write(lambda c, t=token: sessions.add(c, Session(t, "alice", start, end)))
    assert store.read(lambda c: sessions.get(c, b"1", start)) is not None
    assert store.read(lambda c: sessions.get(c, b"1", end)) is None
    assert store.read(lambda c: sessions.get(c, b"1", start - DAY)) is None
    assert store.write(lambda c: sessions.end(c, b"1"))
    assert not store.write(lambda c: sessions.end(c, b"1"))
    assert store.read(lambda c: sessions.get(c, b"1", start)) is None
    assert store.write(lambda c: sessions.end_all(c, "alice", but=b"2")) == 1
    assert [s.token_hash for s in store.read(lambda c: sessions.of_person(c, "alice", start))] == [
        b"2"
    ]


def test_an_account_is_added_once_and_changed_by_what_it_is_asked(
    store: Store, clock: FixedClock
) -> None:
    alice = accounts.Account("alice", "hash", clock(), "helpdesk")
    assert store.write(lambda c: accounts.add(c, alice))
    assert not store.write(lambda c: accounts.add(c, accounts.Account("alice", "x", clock())))
    later = clock() + DAY
    store.write(lambda c: accounts.set_password(c, "alice", "other", later))
    store.write(lambda c: accounts.set_role(c, "alice", "viewer"))
    held = store.read(lambda c: accounts.get(c, "alice"))
    assert held == replace(alice, password_hash="other", role="viewer", password_changed_at=later)


def test_an_account_that_nobody_used_is_found(store: Store, clock: FixedClock) -> None:
    for name in ("never", "seldom", "off"):
        store.write(lambda c, n=name: accounts.add(c, accounts.Account(n, "", clock())))
    store.write(lambda c: accounts.logged_in(c, "seldom", clock() + 3 * DAY))
    assert store.write(lambda c: accounts.disable(c, "off", clock(), "left"))
    assert not store.write(lambda c: accounts.disable(c, "off", clock(), "left"))
    assert store.read(lambda c: accounts.unused_since(c, clock() + 2 * DAY)) == ["never"]
    assert store.write(lambda c: accounts.enable(c, "off", clock() + 3 * DAY))
    assert not store.write(lambda c: accounts.enable(c, "off", clock()))
    assert store.read(lambda c: accounts.unused_since(c, clock() + 2 * DAY)) == ["never"]
    assert store.read(lambda c: accounts.unused_since(c, clock() + 4 * DAY)) == [
        "never",
        "off",
        "seldom",
    ]


def test_another_owner_is_one_that_can_enter(store: Store, clock: FixedClock) -> None:
    for name, password in (("alice", "hash"), ("bob", "hash"), ("carol", "")):
        account = accounts.Account(name, password, clock())
        store.write(lambda c, each=account: accounts.add(c, each))
    assert store.read(lambda c: accounts.others_with_role(c, "owner", "alice")) == 1
    store.write(lambda c: accounts.disable(c, "bob", clock(), "left"))
    assert store.read(lambda c: accounts.others_with_role(c, "owner", "alice")) == 0


def test_a_code_is_used_up_once(store: Store, clock: FixedClock) -> None:
    store.write(lambda c: accounts.add(c, accounts.Account("alice", "", clock())))
    assert store.write(lambda c: accounts.take_totp_step(c, "alice", 7))
    assert not store.write(lambda c: accounts.take_totp_step(c, "alice", 7))
    assert not store.write(lambda c: accounts.take_totp_step(c, "alice", 6))
    store.write(lambda c: factors.set_codes(c, "alice", [b"a", b"b"]))
    assert not store.write(lambda c: factors.use_code(c, "bob", b"a"))
    assert store.write(lambda c: factors.use_code(c, "alice", b"a"))
    assert not store.write(lambda c: factors.use_code(c, "alice", b"a"))
    assert store.read(lambda c: factors.codes_left(c, "alice")) == 1
    store.write(lambda c: factors.set_codes(c, "alice", [b"c"]))
    assert not store.write(lambda c: factors.use_code(c, "alice", b"b"))


def test_a_passkey_belongs_to_one_person(store: Store, clock: FixedClock) -> None:
    key = factors.Passkey(b"id", "alice", "phone", b"cose", 0, clock())
    assert store.write(lambda c: factors.add_passkey(c, key))
    assert not store.write(lambda c: factors.add_passkey(c, replace(key, username="bob")))
    assert store.write(lambda c: factors.passkey_used(c, b"id", 5, clock() + DAY))
    for not_counted_on in (5, 4, 0):
        now = clock()
        assert not store.write(
            lambda c, n=not_counted_on, at=now: factors.passkey_used(c, b"id", n, at)
        )
    assert not store.write(lambda c: factors.label_passkey(c, "bob", b"id", "mine"))
    assert store.read(lambda c: factors.passkeys_of(c, "alice")) == [
        replace(key, sign_count=5, last_used_at=clock() + DAY)
    ]
    assert not store.write(lambda c: factors.remove_passkey(c, "bob", b"id"))
    assert store.write(lambda c: factors.remove_passkey(c, "alice", b"id"))


def test_an_invitation_opens_once_and_only_the_newest(store: Store, clock: FixedClock) -> None:
    def invite(token: bytes) -> Invitation:
        return Invitation(token, "alice", clock(), clock() + DAY)

    store.write(lambda c: invitations.add(c, invite(b"old")))
    store.write(lambda c: invitations.add(c, invite(b"new")))
    assert store.write(lambda c: invitations.use(c, b"old", clock())) is None
    assert store.write(lambda c: invitations.use(c, b"new", clock() + DAY)) is None
    assert store.write(lambda c: invitations.use(c, b"new", clock())) == "alice"
    assert store.write(lambda c: invitations.use(c, b"new", clock())) is None


def test_a_personal_token_is_found_by_its_hash_while_it_lasts(
    store: Store, clock: FixedClock
) -> None:
    made = PersonalToken("t1", "alice", "export", b"h", "viewer", clock(), clock() + DAY)
    store.write(lambda c: personal_tokens.add(c, made))
    assert store.read(lambda c: personal_tokens.by_hash(c, b"h", clock())) == made
    assert store.read(lambda c: personal_tokens.by_hash(c, b"h", clock() + DAY)) is None
    assert not store.write(lambda c: personal_tokens.remove(c, "bob", "t1"))
    assert store.write(lambda c: personal_tokens.remove(c, "alice", "t1"))


def test_events_come_newest_first_and_repeat_themselves_once(
    store: Store, clock: FixedClock
) -> None:
    for _ in range(2):
        store.write(lambda c: events.add_once(c, clock(), "clash", "d", "same"))
    clock.advance(days=1)
    store.write(lambda c: events.add(c, clock(), "enrolled", "e", ""))
    assert [e.kind for e in store.read(lambda c: events.recent(c, 10))] == ["enrolled", "clash"]
    assert [e.kind for e in store.read(lambda c: events.recent(c, 10, "d"))] == ["clash"]


def test_first_sight_is_kept_until_a_rule_names_it_no_more(store: Store, clock: FixedClock) -> None:
    start, later = clock(), clock() + DAY
    store.write(lambda c: tracked.remember(c, "d", {"r": {"a", "b"}, "s": {"x"}}, start))
    known = store.write(lambda c: tracked.remember(c, "d", {"r": {"b", "c"}}, later))
    assert known == {"r": {"a": start, "b": start, "c": later}, "s": {"x": start}}
    store.write(lambda c: tracked.forget_others(c, "d", {"r": {"b", "c"}}, known))
    assert store.read(lambda c: tracked.first_seen(c, "d")) == {
        "r": {"b": start, "c": later},
        "s": {"x": start},
    }


def test_what_was_confirmed_ends_with_the_signature(store: Store, clock: FixedClock) -> None:
    for role in ("viewer", "admin"):
        said = authorisations.Confirmed("alice", role, clock(), "bob")
        store.write(lambda c, each=said: authorisations.confirm(c, each))
    assert store.read(authorisations.confirmed)["alice"].role == "admin"
    review = authorisations.Review("1", clock(), "bob", "digest", "content")
    store.write(lambda c: authorisations.sign(c, review))
    assert store.read(authorisations.confirmed) == {}
    assert store.read(authorisations.last) == review
