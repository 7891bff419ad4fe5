"""Devices that are judged together come to what each comes to alone."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.ingest import Delivery, check_in, rejudge
from collector.inventory import row_of
from collector.policy import Alike, Policy, default_text, evaluate, load, tracked
from collector.store import Connection, Store, devices, policies
from collector.upkeep import rejudge_due
from protos.posture.v1.device_pb2 import FormFactor, Inventory, Platform
from protos.posture.v1.posture_service_pb2 import Posture
from protos.posture.v1.signals_pb2 import (
    Antivirus,
    AntivirusProduct,
    DiskEncryption,
    Evidence,
    Gap,
    Observation,
    OsUpdates,
    PendingUpdate,
    ScreenLock,
    UnknownReason,
    UserScreenLock,
    Volume,
)
from tests.collector.policy.postures import NOW, stamp

TABLES = ("device", "finding", "tracked", "turn", "finding_tally")
FLEET = 60
STRICTER = default_text().replace('severity = "high"', 'severity = "critical"')


def made_up(chance: random.Random, number: int) -> Posture:
    """A posture of few values, so that many devices say the same, and nearly the same."""
    platforms = (Platform.PLATFORM_LINUX, Platform.PLATFORM_WINDOWS, Platform.PLATFORM_UNSPECIFIED)
    about = Inventory(
        hostname=f"lap-{number}",
        platform=chance.choice(platforms),
        form_factor=chance.choice((FormFactor.FORM_FACTOR_LAPTOP, FormFactor.FORM_FACTOR_SERVER)),
        os_id=chance.choice(("debian", "fedora")),
        os_version=chance.choice(("12", "9")),
    )
    said = [each for each in (_disk, _antivirus, _lock, _updates) if chance.random() < 0.9]
    observations = [_as_seen(chance, make(chance), number) for make in said]
    return Posture(inventory=about, observations=observations, agent_version="0.1.0")


def _as_seen(chance: random.Random, one: Observation, number: int) -> Observation:
    if chance.random() < 0.15:
        one = Observation(signal=one.signal)
        one.unknown.reason = UnknownReason.UNKNOWN_REASON_TIMED_OUT
    elif chance.random() < 0.3:
        field = chance.choice(("volumes", "products", "users", "updates", "scopes"))
        why = UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED
        one.gaps.append(Gap(field=field, reason=why, detail=chance.choice(("no", "never"))))
    one.evidence.append(Evidence(source="/proc", said=f"this is {number % 7}"))
    return one


def _disk(chance: random.Random) -> Observation:
    volume = Volume(name="/", role=1, protection=chance.randrange(4))
    return Observation(signal="disk_encryption", disk_encryption=DiskEncryption(volumes=[volume]))


def _antivirus(chance: random.Random) -> Observation:
    product = AntivirusProduct(name="ClamAV", running=chance.random() < 0.7, real_time=True)
    product.definitions_at.CopyFrom(stamp(NOW - timedelta(days=chance.randrange(9))))
    return Observation(signal="antivirus", antivirus=Antivirus(products=[product]))


def _lock(chance: random.Random) -> Observation:
    idle = chance.choice((60, 600, 6000))
    user = UserScreenLock(user="alice", locks=True, in_session=True, idle_seconds=idle)
    return Observation(signal="screen_lock", screen_lock=ScreenLock(users=[user]))


def _updates(chance: random.Random) -> Observation:
    waiting = PendingUpdate(name="openssl", candidate=chance.choice(("3.1", "3.2")), security=True)
    pending = [waiting] if chance.random() < 0.7 else []
    seen = OsUpdates(
        source="apt", pending=len(pending), pending_security=len(pending), restart_required=False
    )
    seen.updates.extend(pending)
    seen.index_at.CopyFrom(stamp(NOW - timedelta(days=chance.randrange(4))))
    return Observation(signal="os_updates", os_updates=seen)


def fleet(folder: Path, seed: int) -> Store:
    """Enrolled and heard at times of their own, so that the same was first seen at several."""
    store = Store.open(folder)
    chance = random.Random(seed)

    def fill(c: Connection) -> None:
        policies.add(c, default_text(), NOW - timedelta(days=40), "a test")
        policy = load(default_text(), "policy.toml", 1)
        for number in range(FLEET):
            device_id, posture = f"{number:032x}", made_up(chance, number)
            at = NOW - timedelta(days=chance.choice((1, 5, 20, 39)))
            devices.add(c, device_id, row_of(posture.inventory, "0.1.0"), at)
            sent = Delivery(1, at, posture.SerializeToString(deterministic=True))
            check_in(c, policy, devices.standing(c, device_id), sent, at)
        policies.add(c, STRICTER, NOW, "a test")

    store.write(fill)
    return store


def content(store: Store) -> dict[str, list[Any]]:
    def read(c: Connection) -> dict[str, list[Any]]:
        rows = {name: c.exec_driver_sql(f'SELECT * FROM "{name}"').all() for name in TABLES}
        return {name: sorted(map(tuple, found), key=repr) for name, found in rows.items()}

    return store.read(read)


def alone(store: Store, now: datetime) -> None:
    policy = load(STRICTER, "policy.toml", 2)
    for number in range(FLEET):
        store.write(lambda c, n=number: rejudge(c, policy, f"{n:032x}", now))


@pytest.mark.parametrize("seed", range(4))
def test_a_batch_comes_to_what_each_device_comes_to_alone(tmp_path: Path, seed: int) -> None:
    together, apart = fleet(tmp_path / "together", seed), fleet(tmp_path / "apart", seed)
    try:
        assert content(together) == content(apart)
        before = content(apart)
        rejudge_due(together, lambda: NOW)
        alone(apart, NOW)
        after = content(apart)
        assert content(together) == after != before
        assert {row[5] for row in after["finding"]} == {"pass", "fail", "unknown", "not_applicable"}
    finally:
        together.close()
        apart.close()


def test_verdicts_alike_are_kept_apart_by_all_that_they_rest_on() -> None:
    chance = random.Random(9)
    policy, ages = load(default_text(), "policy.toml"), (1, 30)
    alike = Alike(policy, NOW)
    for number in range(900):
        posture = made_up(chance, number)
        seen_at = NOW - timedelta(days=chance.choice(ages))
        known = {
            rule_id: dict.fromkeys(sorted(keys), seen_at)
            for rule_id, keys in tracked(policy, posture).items()
        }
        together = evaluate(policy, posture, NOW, known, alike)
        assert together == evaluate(policy, posture, NOW, known), posture
    assert len(alike.verdicts) < 900 * len(policy.rules) / 2  # most were met before


def test_verdicts_of_another_policy_or_moment_are_refused() -> None:
    policy = load(default_text(), "policy.toml")
    other: list[tuple[Policy, datetime]] = [
        (load(STRICTER, "policy.toml"), NOW),
        (policy, NOW + timedelta(seconds=1)),
    ]
    for each in other:
        with pytest.raises(ValueError, match="another policy or moment"):
            evaluate(policy, Posture(), NOW, {}, Alike(*each))
