"""What judging a fleet again costs, and trying a policy on it, in processor time a device."""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from collector.ingest import Delivery, check_in
from collector.inventory import row_of
from collector.policy import default_text, load
from collector.store import Store, devices, policies
from collector.trial import try_policy
from collector.upkeep import rejudge_due
from tests.fleet import inventory, posture

FLEET = 2_000
PACKAGED = 500
VARIANTS = 97
"""So many postures there are: of real devices more are alike in one signal than in all."""


def measure_judging() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        store = Store.open(Path(scratch) / "data")
        try:
            text = default_text()
            _apply(store, text)
            for first in range(0, FLEET, PACKAGED):
                numbers = range(first, first + PACKAGED)
                store.write(lambda c, n=numbers: _check_in(c, n))
            stricter = text.replace("max_idle_seconds = 900", "max_idle_seconds = 120")
            assert stricter != text
            tried = load(stricter, "policy.toml", 2)
            _timed("a policy is tried", lambda: sum(1 for _ in try_policy(store, tried, _now())))
            _apply(store, stricter)
            _timed("judged again", lambda: rejudge_due(store, _now).judged)
        finally:
            store.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _apply(store: Store, text: str) -> None:
    store.write(lambda c: policies.add(c, text, _now(), "the measurement"))


def _check_in(connection: Connection, numbers: range) -> None:
    policy = load(default_text(), "policy.toml", 1)
    for number in numbers:
        device_id, hostname = f"{number:032x}", f"laptop-{number}"
        row = row_of(inventory(hostname), "0.1.0")
        devices.add(connection, device_id, row, _now() - timedelta(days=3))
        standing = devices.standing(connection, device_id)
        sent = Delivery(1, _now(), posture(hostname, number % VARIANTS))
        check_in(connection, policy, standing, sent, _now())


def _timed(what: str, work: Callable[[], int]) -> None:
    used, begun = time.process_time(), time.perf_counter()
    many = work()
    cpu, wall = time.process_time() - used, time.perf_counter() - begun
    print(
        f"{what}, {many:,} devices: {cpu / many * 1000:.2f} ms of one processor each"
        f" ({wall / many * 1000:.2f} by the clock), {cpu / many * 100_000:.0f} s for 100,000",
        flush=True,
    )
