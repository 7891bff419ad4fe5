"""One device before one collector, with the real store and the real policy."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from collector.ingest import (
    Delivery,
    Outcome,
    check_in,
)
from collector.model import FormFactor, Platform, Status
from collector.policy import Policy, default_text, load
from collector.store import Connection, Store, devices, events, findings, reports, tracked
from collector.store.devices import InventoryRow
from protos.posture.v1.device_pb2 import FORM_FACTOR_LAPTOP, PLATFORM_LINUX, Inventory
from protos.posture.v1.posture_service_pb2 import Posture
from protos.posture.v1.signals_pb2 import (
    INBOUND_DEFAULT_ALLOWED,
    INBOUND_DEFAULT_BLOCKED,
    Evidence,
    Firewall,
    FirewallScope,
    Observation,
    OsUpdates,
    PendingUpdate,
)
from tests.fakes import FixedClock

RULE = "firewall_blocks_inbound"
UPDATES_RULE = "os_security_updates_applied"


def firewall(*, blocked: bool, said: str = "policy drop") -> Observation:
    inbound = INBOUND_DEFAULT_BLOCKED if blocked else INBOUND_DEFAULT_ALLOWED
    scopes = [FirewallScope(name=n, in_use=True, inbound=inbound) for n in ("ipv4", "ipv6")]
    evidence = [Evidence(source="nft list ruleset", said=said)]
    return Observation(signal="firewall", firewall=Firewall(scopes=scopes), evidence=evidence)


def posture(*observations: Observation, hostname: str = "alpha", board: bytes = b"b") -> bytes:
    inventory = Inventory(
        hostname=hostname, platform=PLATFORM_LINUX, form_factor=FORM_FACTOR_LAPTOP
    )
    inventory.fingerprint.board = board
    told = Posture(inventory=inventory, observations=observations, agent_version="0.1.0")
    return told.SerializeToString(deterministic=True)


GOOD = posture(firewall(blocked=True))
BAD = posture(firewall(blocked=False))


@dataclass
class Desk:
    """One device before one collector."""

    store: Store
    clock: FixedClock
    policy: Policy = field(default_factory=lambda: load(default_text(), "policy.toml", 1))
    device_id: str = "d1"

    def report(self, sequence: int, sent: bytes, observed_at: datetime | None = None) -> Outcome:
        return self.deliver(Delivery(sequence, observed_at or self.clock(), posture=sent))

    def unchanged(self, sequence: int, of: bytes, held: int | None = None) -> Outcome:
        digest = hashlib.sha256(of).digest()
        return self.deliver(Delivery(sequence, self.clock(), digest=digest, held_answer=held))

    def deliver(self, delivery: Delivery) -> Outcome:
        def take(c: Connection) -> Outcome:
            standing = devices.standing(c, self.device_id)
            return check_in(c, self.policy, standing, delivery, self.clock())

        return self.store.write(take)

    def row(self) -> object:
        return self.store.read(lambda c: devices.standing(c, self.device_id))

    def everything(self) -> list[object]:
        return self.store.read(
            lambda c: [
                devices.get(c, self.device_id),
                devices.standing(c, self.device_id),
                reports.history(c, self.device_id),
                findings.history(c, self.device_id),
                tracked.first_seen(c, self.device_id),
            ]
        )

    def past(self, rule_id: str = RULE) -> list[findings.Past]:
        every = self.store.read(lambda c: findings.history(c, self.device_id))
        return [past for past in every if past.finding.rule_id == rule_id]

    def events(self) -> list[str]:
        return [event.kind for event in self.store.read(lambda c: events.recent(c, 100))]


def status(outcome: Outcome, rule_id: str = RULE) -> Status:
    return next(f.finding.status for f in outcome.findings if f.finding.rule_id == rule_id)


def pending(desk: Desk, *names: str) -> bytes:
    updates = [PendingUpdate(name=n, candidate="2", security=True) for n in names]
    count = len(names)
    seen = OsUpdates(source="apt", pending=count, pending_security=count, updates=updates)
    seen.index_at.FromDatetime(desk.clock())
    return posture(Observation(signal="os_updates", os_updates=seen))


def one_device(folder: Path) -> Iterator[Desk]:
    """A desk with one device that was enrolled an hour ago; closed afterwards."""
    clock = FixedClock()
    store = Store.open(folder, clock=clock)
    row = InventoryRow("alpha", Platform.LINUX, FormFactor.LAPTOP, fingerprint={"board": b"b"})
    store.write(lambda c: devices.add(c, "d1", row, clock()))
    clock.advance(hours=1)
    yield Desk(store, clock)
    store.close()
