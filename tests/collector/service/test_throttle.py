"""A caller may burst, then goes at the pace that was set; memory does not grow with callers."""

from dataclasses import dataclass

import pytest

from collector.service.throttle import Buckets, Concurrency, network_of


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_allowed_and_then_the_pace() -> None:
    seconds = Seconds()
    buckets = Buckets(burst=3, per_second=0.5, seconds=seconds)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2]
    seconds.now = 2.0
    assert [buckets.take("a") for _ in range(2)] == [0, 2]


def test_a_refused_call_costs_nothing() -> None:
    seconds = Seconds()
    buckets = Buckets(burst=1, per_second=1, seconds=seconds)
    assert [buckets.take("a") for _ in range(10)] == [0] + [1] * 9
    seconds.now = 1.0
    assert buckets.take("a") == 0


def test_one_caller_does_not_spend_for_another() -> None:
    buckets = Buckets(burst=1, per_second=1, seconds=Seconds())
    assert [buckets.take(caller) for caller in "abab"] == [0, 0, 1, 1]


def test_callers_without_end_are_forgotten_oldest_first() -> None:
    buckets = Buckets(burst=1, per_second=1, most=10, seconds=Seconds())
    for number in range(1000):
        buckets.take(str(number))
    assert len(buckets) == 10
    assert buckets.take("999") == 1


def test_at_most_two_calls_of_one_caller_run_at_a_time() -> None:
    running = Concurrency(2)
    with (
        running.one("a") as first,
        running.one("a") as second,
        running.one("a") as third,
        running.one("b") as other,
    ):
        assert (first, second, third, other) == (True, True, False, True)
    with running.one("a") as later:
        assert later


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("ipv4:192.0.2.7:1", "192.0.2.7"),
        ("ipv6:%5B::ffff:192.0.2.7%5D:1", "192.0.2.7"),
        ("ipv6:[2001:db8::7]:1", "2001:db8::/64"),
        ("ipv6:[fe80::1%25eth0]:1", "fe80::/64"),
        ("unix:/run/x", "unix"),
    ],
)
def test_hosts_of_one_network_share_a_bucket(peer: str, network: str) -> None:
    assert network_of(peer) == network
