from datetime import timedelta

from collector.accounts.throttle import MOST_REMEMBERED, Throttle
from tests.fakes import FixedClock

HERE, THERE = "192.0.2.1", "198.51.100.9"


def failures(throttle: Throttle, count: int, username: str = "alice", address: str = HERE) -> None:
    for _ in range(count):
        assert throttle.try_now(username, address) is None


def test_the_first_four_failures_cost_nothing_and_then_waiting_begins() -> None:
    clock = FixedClock()
    throttle = Throttle(clock)
    failures(throttle, 4)
    assert throttle.try_now("alice", HERE) == clock() + timedelta(seconds=2)
    clock.advance(seconds=2)
    failures(throttle, 1)
    free_at = throttle.try_now("alice", HERE)
    assert free_at is not None
    assert free_at - clock() > timedelta(seconds=60)


def test_fifty_tries_at_once_are_fifty_tries() -> None:
    throttle = Throttle(FixedClock())
    assert sum(throttle.try_now("alice", HERE) is None for _ in range(50)) == 4


def test_an_account_can_be_tried_25_times_a_day_at_most() -> None:
    clock = FixedClock()
    throttle = Throttle(clock)
    tries = 0
    for _ in range(24 * 60 - 1):
        tries += throttle.try_now("alice", f"10.0.{tries}.1") is None
        clock.advance(minutes=1)
    assert 20 <= tries <= 25


def test_nobody_is_locked_out_for_good() -> None:
    clock = FixedClock()
    throttle = Throttle(clock)
    for _ in range(200):
        throttle.try_now("alice", HERE)
        clock.advance(minutes=30)
    clock.advance(days=1)
    assert throttle.try_now("alice", HERE) is None


def test_strangers_cannot_keep_out_who_has_logged_in_from_elsewhere() -> None:
    throttle = Throttle(FixedClock())
    failures(throttle, 1, address=THERE)
    throttle.succeeded("alice", THERE)
    failures(throttle, 4)
    assert throttle.try_now("alice", HERE) is not None
    assert throttle.try_now("alice", THERE) is None


def test_one_address_cannot_try_one_password_on_many_accounts() -> None:
    throttle = Throttle(FixedClock())
    allowed = sum(throttle.try_now(f"user{n}", HERE) is None for n in range(1000))
    assert allowed <= 25


def test_an_ipv6_customer_is_one_address() -> None:
    throttle = Throttle(FixedClock())
    allowed = sum(throttle.try_now(f"user{n}", f"2001:db8::{n:x}") is None for n in range(1000))
    assert allowed <= 25


def test_a_success_ends_the_waiting() -> None:
    throttle = Throttle(FixedClock())
    failures(throttle, 3)
    assert throttle.try_now("alice", HERE) is None
    throttle.succeeded("alice", HERE)
    failures(throttle, 4)


def test_a_million_names_do_not_fill_the_memory() -> None:
    throttle = Throttle(FixedClock())
    for n in range(3 * MOST_REMEMBERED):
        throttle.try_now(f"user{n}", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(throttle._strangers) == MOST_REMEMBERED
    assert len(throttle._accounts) == 0
    assert len(throttle._addresses) == MOST_REMEMBERED


def test_names_of_nobody_never_push_out_the_count_of_an_account() -> None:
    """Not even by whoever has many networks to type them from."""
    throttle = Throttle(FixedClock())
    for _ in range(4):
        assert throttle.try_now("alice", HERE, is_account=True) is None
    for n in range(2 * MOST_REMEMBERED):
        throttle.try_now(f"user{n}", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert throttle.try_now("alice", THERE, is_account=True) is not None


def test_what_was_counted_before_the_account_was_made_goes_on() -> None:
    throttle = Throttle(FixedClock())
    failures(throttle, 4)
    assert throttle.try_now("alice", HERE, is_account=True) is not None


def test_who_holds_a_whole_ipv6_site_is_held_back_as_one() -> None:
    throttle = Throttle(FixedClock())
    allowed = sum(
        throttle.try_now(f"user{n}", f"2001:db8:7:{n:x}::1") is None for n in range(5_000)
    )
    assert 100 < allowed <= 105
    assert throttle.try_now("alice", "2001:db8:8::1") is None


def test_counts_of_accounts_without_a_failure_of_the_day_are_dropped_when_there_are_many() -> None:
    clock = FixedClock()
    throttle = Throttle(clock)
    for n in range(MOST_REMEMBERED):
        throttle.try_now(f"user{n}", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", is_account=True)
    clock.advance(days=2)
    assert throttle.try_now("alice", HERE, is_account=True) is None
    assert len(throttle._accounts) == 1
