"""Two sources that disagree: the one that outranks the other decides, or nobody does.

docs/witnesses.md lists every pair on Linux with the test that holds it.
"""

import json
import re
from pathlib import Path

import pytest

from agent.checks import CHECKS
from agent.checks.antivirus import falcon
from agent.host import CannotTell, Output, Process
from agent.observation import observe
from protos.posture.v1.signals_pb2 import InboundDefault, Observation, UnknownReason
from tests.agent.checks.antivirus.test_linux import UNIT_FILES, UNITS, unit_files, units
from tests.agent.checks.antivirus.test_vendors import MDATP, defender
from tests.agent.checks.disk_encryption.stack import Stack
from tests.agent.checks.firewall.rulesets import host as guarded
from tests.agent.checks.firewall.rulesets import ruleset
from tests.fakes import FakeHost

ROOT = Path(__file__).resolve().parents[2]
INIT = Process(1, "systemd", "root", "/usr/lib/systemd/systemd", ("/sbin/init",))
EMPTY: dict[str, object] = {"nftables": [{"metainfo": {}}]}
ALLOWED = InboundDefault.INBOUND_DEFAULT_ALLOWED
BLOCKED = InboundDefault.INBOUND_DEFAULT_BLOCKED
CONFLICTING = UnknownReason.UNKNOWN_REASON_CONFLICTING_SOURCES
LEGACY = {"/proc/net/ip_tables_names": "filter\n"}
LEGACY_SAVE = "*filter\n:INPUT {} [0:0]\nCOMMIT\n"


def looked(signal: str, host: FakeHost) -> Observation:
    return observe(signal, CHECKS[signal]["linux"], host)


def evidence(seen: Observation) -> dict[str, str]:
    return {line.source: line.said for line in seen.evidence}


def inbound(seen: Observation) -> dict[str, int]:
    return {scope.name: scope.inbound for scope in seen.firewall.scopes}


def test_ufw_that_is_enabled_and_has_no_rules_loaded_filters_nothing() -> None:
    seen = looked("firewall", guarded(EMPTY, None, **{"/etc/ufw/ufw.conf": "ENABLED=yes\n"}))
    assert inbound(seen) == {"ipv4": ALLOWED, "ipv6": ALLOWED}
    assert evidence(seen)["nft -j list ruleset"] == "no chain that filters inbound"
    assert evidence(seen)["/etc/ufw/ufw.conf"] == "ENABLED=yes"
    assert [m.state for m in seen.firewall.managers if m.name == "ufw"] == [
        "inactive (ENABLED=yes, and none of its rules is loaded)"
    ]


def test_firewalld_that_runs_and_has_no_rules_loaded_filters_nothing() -> None:
    answers = {"firewall-cmd --state": "running\n", "firewall-cmd --get-default-zone": "public\n"}
    seen = looked("firewall", guarded(EMPTY, answers))
    assert inbound(seen) == {"ipv4": ALLOWED, "ipv6": ALLOWED}
    assert evidence(seen)["nft -j list ruleset"] == "no chain that filters inbound"
    assert evidence(seen)["firewall-cmd --state"] == "running"


@pytest.mark.parametrize(("nft", "legacy"), [("drop", "ACCEPT"), ("accept", "DROP")])
def test_a_packet_has_to_pass_both_kinds_of_tables(nft: str, legacy: str) -> None:
    answers: dict[str, str | Output | CannotTell] = {
        "iptables -V": "iptables v1.8.9 (nf_tables)\n",
        "iptables-legacy-save": LEGACY_SAVE.format(legacy),
    }
    seen = looked("firewall", guarded(ruleset(policy=nft, family="ip"), answers, **LEGACY))
    assert inbound(seen)["ipv4"] == BLOCKED
    assert {"nft -j list ruleset", "iptables-legacy-save"} <= set(evidence(seen))


def stopped(commands: dict[str, str]) -> FakeHost:
    """The tool answers, and neither a process nor a unit of its product runs."""
    witnesses = {UNIT_FILES: unit_files(), UNITS: units()}
    return FakeHost({**commands, **witnesses}, running=(INIT,))


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("Microsoft Defender", {MDATP: defender()}),
        ("SentinelOne", {"sentinelctl control status": "Agent state    Enabled\n"}),
        ("Bitdefender", {"bduitool get ps": "- Antimalware status: On\n"}),
    ],
)
def test_a_tool_that_says_on_where_nothing_of_its_product_runs_is_contradicted(
    name: str, commands: dict[str, str]
) -> None:
    seen = looked("antivirus", stopped(commands))
    (product,) = seen.antivirus.products
    assert (product.name, product.running) == (name, False)
    assert not product.HasField("real_time")
    gap = next(gap for gap in seen.gaps if gap.field == f"products[{name}].real_time")
    assert gap.reason == CONFLICTING
    assert evidence(seen)[f"{name}: programs, processes and units"] == "installed, does not run"
    assert len(seen.evidence) == 2


def test_a_sensor_that_is_registered_and_does_not_run_does_not_guard() -> None:
    said = 'aid="a1", rfm-state=false, version = 7.1\n'
    seen = looked("antivirus", stopped({"falconctl -g " + " ".join(falcon.FULL): said}))
    (product,) = seen.antivirus.products
    assert (product.running, product.real_time) == (False, False)


def test_what_device_mapper_does_outranks_what_a_mapping_is_called() -> None:
    stack = Stack()
    stack.luks("dm-0", "root", "nvme0n1p3", target="0 100 linear 259:3 32768")
    stack.mount("254:0", "/", "ext4", "/dev/mapper/root")
    seen = looked("disk_encryption", stack.host())
    (root,) = (volume for volume in seen.disk_encryption.volumes if volume.name == "/")
    assert root.protection == 2, "the uuid says LUKS2, and nothing encrypts"
    assert evidence(seen)["dmsetup table"] == "root: linear"


def test_the_release_itself_outranks_a_list_of_releases() -> None:
    host = FakeHost(
        files={
            "/etc/os-release": "ID=debian\nVERSION_ID=12\nSUPPORT_END=2027-01-01\n",
            "/usr/share/distro-info/debian.csv": "version,series,eol\n12,bookworm,2026-06-10\n",
        }
    )
    assert looked("os_updates", host).os_updates.support_ends_on == "2027-01-01"


def test_every_pair_that_is_written_down_is_held_by_a_test() -> None:
    table = (ROOT / "docs" / "witnesses.md").read_text()
    named = re.findall(r"`(test_\w+)`", table)
    code = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 10
    assert [name for name in named if f"def {name}(" not in code] == []


def test_lsblk_is_no_second_witness_beside_what_it_reads_itself() -> None:
    """It reads the same /sys; it is asked for partition types where udev keeps no records."""
    stack = Stack()
    stack.mount("259:3", "/", "ext4", "/dev/nvme0n1p3")
    lying = {"blockdevices": [{"name": "nvme0n1p3", "type": "crypt", "mountpoints": ["/"]}]}
    stack.commands["lsblk"] = json.dumps(lying)
    seen = looked("disk_encryption", stack.host())
    assert [v.protection for v in seen.disk_encryption.volumes if v.name == "/"] == [2]
