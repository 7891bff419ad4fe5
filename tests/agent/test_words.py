from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agent import answer
from agent.checks import CHECKS
from agent.config import Config
from agent.layout import table
from agent.standing import Standing
from agent.words import WORDS, describe, inventory_lines
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1 import signals_pb2 as s
from protos.posture.v1.device_pb2 import FormFactor, HardwareFingerprint, Inventory, Platform


def test_every_signal_has_words() -> None:
    assert list(WORDS) == list(CHECKS)


@pytest.mark.parametrize(("signal", "tell"), WORDS.items())
def test_a_signal_in_which_nothing_is_set_is_never_told_as_seen(signal: str, tell: object) -> None:
    observation = s.Observation(signal=signal)
    getattr(observation, signal).SetInParent()
    said = " ".join(describe(observation))
    assert said
    assert not any(word in said for word in ("encrypted", "blocked", "running", "locks"))


def test_disks_are_told_volume_by_volume() -> None:
    seen = s.Observation(signal="disk_encryption")
    add = seen.disk_encryption.volumes.add
    add(name="/", protection=s.PROTECTION_ENCRYPTED, method="LUKS2", remarks=["TPM without a PIN"])
    add(name="[swap]", protection=s.PROTECTION_PLAIN)
    add(name="/data")
    assert describe(seen) == [
        "/ encrypted (LUKS2), swap plain, /data protection unknown",
        "/: TPM without a PIN",
    ]


def test_the_firewall_is_told_by_scope() -> None:
    seen = s.Observation(signal="firewall")
    seen.firewall.scopes.add(name="ipv4", in_use=True, inbound=s.INBOUND_DEFAULT_BLOCKED)
    seen.firewall.scopes.add(name="ipv6", in_use=False)
    seen.firewall.scopes.add(name="public", in_use=True)
    seen.firewall.openings.add(protocol="tcp", ports="22", source="any", scope="ipv4")
    seen.firewall.managers.add(name="ufw", state="active")
    assert describe(seen) == [
        "ipv4 inbound blocked, ipv6 not in use, public inbound unknown",
        "open: tcp 22 from any (ipv4)",
        "ufw: active",
    ]


def test_an_antivirus_says_what_was_not_seen() -> None:
    seen = s.Observation(signal="antivirus")
    product = seen.antivirus.products.add(name="ClamAV", version="1.4", running=True)
    product.definitions_at.FromDatetime(datetime(2026, 11, 20, tzinfo=UTC))
    assert describe(seen) == ["ClamAV 1.4: running, real-time unknown, definitions of 2026-11-20"]


def test_screen_locks_are_told_person_by_person() -> None:
    seen = s.Observation(signal="screen_lock")
    add = seen.screen_lock.users.add
    add(user="alice", desktop="GNOME", locks=True, idle_seconds=240, lock_delay_seconds=60)
    add(user="bob", locks=False)
    add(user="carol")
    assert describe(seen) == [
        "alice (GNOME): locks after 5 minutes",
        "bob: does not lock by itself",
        "carol: unknown",
    ]


def test_updates_are_counted_and_named() -> None:
    seen = s.Observation(signal="os_updates")
    seen.os_updates.source = "apt"
    seen.os_updates.pending = 3
    seen.os_updates.pending_security = 1
    seen.os_updates.restart_required = True
    seen.os_updates.updates.add(name="openssl", security=True)
    seen.os_updates.updates.add(name="vim")
    assert describe(seen) == [
        "apt: 3 pending, security: 1, restart required",
        "security updates: openssl",
    ]


def test_the_unknown_is_told_with_its_reason() -> None:
    seen = s.Observation(signal="firewall")
    seen.unknown.reason = s.UNKNOWN_REASON_PERMISSION_DENIED
    seen.unknown.detail = "nft list ruleset may not be read"
    assert describe(seen) == ["unknown (permission denied): nft list ruleset may not be read"]


def test_a_table_fits_eighty_columns_and_holds_no_control_characters() -> None:
    seen = s.Observation(signal="disk_encryption")
    for number in range(30):
        seen.disk_encryption.volumes.add(name=f"/mnt/{'long' * 30}\x1b[31m/{number}")
    seen.evidence.add(source="lsblk --json", said="one line " * 40)
    seen.gaps.add(field="volumes[/].protection", reason=s.UNKNOWN_REASON_TIMED_OUT, detail="late")
    lines = table([seen, seen])
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)
    assert any("not seen: volumes[/].protection (timed out): late" in line for line in lines)


def test_the_answer_is_the_collectors_in_eighty_columns() -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    response = wire.CheckInResponse()
    response.answer.compliance = wire.COMPLIANCE_NON_COMPLIANT
    response.answer.policy_version = 3
    finding = response.answer.findings.add(
        rule_id="disk_encrypted",
        title="The system disk is encrypted",
        status=wire.FINDING_STATUS_FAIL,
        because="/ is plain " * 20,
        severity=wire.SEVERITY_HIGH,
        remediation="Ask the helpdesk \x1b]0;evil\x07 to encrypt it.",
    )
    finding.since.FromDatetime(datetime(2026, 11, 20, 12, tzinfo=UTC))
    lines = answer.lines(standing(response, answered_at=now), now)
    told = "\n".join(lines)
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)
    assert "not compliant (policy 3" in told
    assert "to fix          The system disk is encrypted" in told
    assert "since 2026-11-20 12:00 UTC, 2 days ago; severity high" in told
    assert "rule: disk_encrypted" in told


def test_an_inventory_is_told_in_words() -> None:
    inventory = Inventory(
        hostname="pc-1",
        platform=Platform.PLATFORM_LINUX,
        form_factor=FormFactor.FORM_FACTOR_VIRTUAL_MACHINE,
        cpu_cores=8,
        memory_bytes=25_275_924_480,
        fingerprint=HardwareFingerprint(network=b"\0\1", install=b"\2"),
    )
    inventory.disks.add(model="Disk 9", size_bytes=512_000_000_000, rotational=False)
    assert inventory_lines(inventory) == [
        "hostname: pc-1",
        "platform: linux",
        "form factor: virtual machine",
        "cpu cores: 8",
        "memory: 25.3 GB",
        "disk: Disk 9, 512.0 GB, not rotating",
        "fingerprint: network, install: hashed",
    ]


def test_an_inventory_of_a_newer_agent_is_told_with_numbers() -> None:
    inventory = Inventory.FromString(b"\x10\x63")
    assert inventory_lines(inventory) == ["platform: unlisted (99)"]


def standing(response: wire.CheckInResponse | None, **more: Any) -> Standing:
    config = Config("Example", "d-1", "h:1", "h:2")
    return replace(Standing(config, None, None, "", 0, 0, response), **more)


def test_a_waived_finding_first_says_that_nothing_is_to_be_done() -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    response = wire.CheckInResponse()
    finding = response.answer.findings.add(
        title="A firewall is on", status=wire.FINDING_STATUS_FAIL, remediation="Switch it on."
    )
    finding.waived_until.FromDatetime(datetime(2026, 12, 1, tzinfo=UTC))
    told = answer.lines(standing(response), now)
    assert "waived          nothing to do until 2026-12-01 00:00 UTC: waived" in told
    assert told[-2].strip() == "what to do after that: Switch it on."
    told = answer.lines(standing(response), datetime(2026, 12, 2, tzinfo=UTC))
    assert "to fix          A firewall is on" in told
    assert told[-2].strip() == "was waived until 2026-12-01 00:00 UTC"


def test_words_of_a_newer_collector_are_shown_as_numbers() -> None:
    assert answer.compliance(77) == "unlisted (77)"
