"""Devices in a store, as many and as bad as a test wants them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from collector.model import (
    Compliance,
    EvidenceLine,
    Finding,
    FormFactor,
    Platform,
    Status,
)
from collector.policy import RULES
from collector.policy.advice import SIGNALS
from collector.store import Connection, devices, findings, reports
from collector.store.certificates import Certificate
from collector.store.certificates import add as add_certificate
from collector.store.devices import InventoryRow, Judgement
from collector.store.findings import Moves, Opening
from collector.store.reports import StoredReport
from collector.translation.sentences import written
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.posture_service_pb2 import Posture

DISKS, FIREWALL = "disk_encrypted", "firewall_blocks_inbound"
LAPTOP = InventoryRow(
    hostname="laptop",
    platform=Platform.LINUX,
    form_factor=FormFactor.LAPTOP,
    os_id="debian",
    os_name="Debian GNU/Linux 12 (bookworm)",
    os_version="12",
    manufacturer="LENOVO",
    model="ThinkPad X1 Carbon Gen 11",
    serial="PF0X1234",
    agent_version="0.1.0",
)


@dataclass(frozen=True)
class Seen:
    """One device. `said` maps a rule to its status and because; the others pass."""

    hostname: str
    compliance: Compliance
    said: Mapping[str, tuple[Status, str]] = field(default_factory=dict)
    evidence: tuple[EvidenceLine, ...] = (EvidenceLine("/proc/mounts", "/dev/sda2 on /"),)
    inventory: InventoryRow = LAPTOP
    quiet: timedelta = timedelta(minutes=20)
    bad_for: timedelta = timedelta(days=5)
    posture: bytes | None = None
    enrolled_for: timedelta = timedelta(days=90)


def device_id(hostname: str) -> str:
    return "id-" + re.sub(r"[^a-z0-9-]", "", hostname)


def enrol(c: Connection, seen: Seen, now: datetime) -> str:
    """Put the device and what it said into the store; its id."""
    name, at = device_id(seen.hostname), now - seen.quiet
    inventory = replace(seen.inventory, hostname=seen.hostname)
    devices.add(c, name, inventory, now - seen.enrolled_for)
    posture = seen.posture if seen.posture is not None else _posture(seen.hostname)
    reports.add(c, name, StoredReport(7, b"d" * 32, posture, at, at))
    devices.record_check_in(c, name, inventory, 7, b"d" * 32, at)
    findings.move(c, name, Moves(opened=[_opening(name, rule.id, seen, at) for rule in RULES]))
    judgement = Judgement(seen.compliance, at - seen.bad_for, 1, b"", 1, at, None)
    devices.record_judgement(c, name, judgement)
    add_certificate(c, Certificate(f"{name}-1", name, at, now + timedelta(days=80)))
    return name


def installed_anew(hostname: str) -> tuple[Seen, Seen]:
    """What a laptop was before, silent since, and what it is now: the same hardware."""
    shown = replace(LAPTOP, fingerprint={"board": sha256(hostname.encode()).digest()})
    before = Seen(
        f"was-{hostname}", Compliance.COMPLIANT, inventory=shown, quiet=timedelta(days=100),
        enrolled_for=timedelta(days=300),
    )  # fmt: skip
    return before, Seen(hostname, Compliance.COMPLIANT, inventory=shown)


def _opening(name: str, rule_id: str, seen: Seen, at: datetime) -> Opening:
    status, because = seen.said.get(rule_id, (Status.PASS, "It is as it should be."))
    since = at - seen.bad_for
    finding = Finding(name, rule_id, status, because, seen.evidence, since, since, at, 1)
    finding = replace(finding, told=written(because))
    return Opening(finding, SIGNALS[rule_id])


def _posture(hostname: str) -> bytes:
    inventory = Inventory(hostname=hostname, cpu="A processor", cpu_cores=8)
    return Posture(inventory=inventory, agent_version="0.1.0").SerializeToString()
