"""Devices of every kind that an export has to tell, in a store that stands still."""

from datetime import UTC, datetime, timedelta

from collector.model import Compliance, EvidenceLine, Finding, FormFactor, Platform, Status, Waiver
from collector.policy import RULES, Policy, load
from collector.store import Connection, devices, findings, policies
from collector.store.devices import InventoryRow, Judgement
from collector.store.findings import Moves, Opening
from tests.collector.granting import grant

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DISKS, FIREWALL = "disk_encrypted", "firewall_blocks_inbound"
EVIDENCE = (EvidenceLine("lsblk", "sda2 is plain"), EvidenceLine("/proc/swaps", "no swap"))


def two_rules() -> Policy:
    """Only disks and firewall are asked; the firewall has five days of grace."""
    return load(two_rules_text(), "policy.toml", 3)


def two_rules_text() -> str:
    others = [f"[rules.{r.id}]\nenabled = false" for r in RULES if r.id not in (DISKS, FIREWALL)]
    return "\n".join([*others, f"[rules.{FIREWALL}]\ngrace_days = 5\n"])


def enrol(c: Connection, device_id: str, hostname: str, **known: str) -> None:
    row = InventoryRow(hostname, Platform.LINUX, FormFactor.LAPTOP, **known)  # type: ignore[arg-type]
    devices.add(c, device_id, row, NOW - 30 * DAY)


def judged(c: Connection, device_id: str, said: dict[str, tuple[Status, str]]) -> None:
    """As if the device had reported two days ago, and was judged an hour ago."""
    at = NOW - 2 * DAY
    opened = [
        Opening(Finding(device_id, rule, status, because, EVIDENCE, at, at, at, 3), "signal")
        for rule, (status, because) in said.items()
    ]
    findings.move(c, device_id, Moves(opened=opened))
    known = devices.get(c, device_id)
    assert known is not None
    row = InventoryRow(known.hostname, known.platform, known.form_factor)
    devices.record_check_in(c, device_id, row, 1, b"d" * 32, NOW - timedelta(hours=2))
    statuses = {status for status, _ in said.values()}
    compliance = Compliance.UNKNOWN if Status.UNKNOWN in statuses else Compliance.COMPLIANT
    compliance = Compliance.NON_COMPLIANT if Status.FAIL in statuses else compliance
    evaluated_at = NOW - timedelta(hours=1)
    judgement = Judgement(compliance, at, 1, b"", 3, evaluated_at, None)
    devices.record_judgement(c, device_id, judgement)


def everyone(c: Connection) -> None:
    """In good order, failing, waived, hostile, in quarantine, silent, never seen and gone."""
    for text in ("", "stale_after_days = 9\n", two_rules_text()):
        policies.add(c, text, NOW - 3 * DAY, "alice")
    enrol(c, "id-good", "alpha")
    judged(
        c, "id-good", {DISKS: (Status.PASS, "All is encrypted."), FIREWALL: (Status.PASS, "On.")}
    )
    enrol(c, "id-bad", "beta")
    judged(c, "id-bad", {DISKS: (Status.FAIL, "/ is plain."), FIREWALL: (Status.FAIL, "Off.")})
    grant(c, Waiver("id-bad", DISKS, "in repair", "alice", NOW - DAY, NOW + DAY))
    grant(c, Waiver("id-bad", FIREWALL, "was over", "alice", NOW - 3 * DAY, NOW - DAY))
    enrol(c, "id-evil", '=HYPERLINK("http://example.org";"x")')
    judged(
        c, "id-evil", {DISKS: (Status.UNKNOWN, "\x1b[2J\r\n+1;=2"), FIREWALL: (Status.PASS, "ä")}
    )
    enrol(c, "id-new", "gamma")
    enrol(c, "id-part", "delta")
    judged(c, "id-part", {FIREWALL: (Status.NOT_APPLICABLE, "A container has none.")})
    devices.quarantine(c, "id-part", "two machines, one key", NOW)
    enrol(c, "id-gone", "omega")
    devices.retire(c, "id-gone", NOW - DAY)
