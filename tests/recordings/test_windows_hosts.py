"""What Windows machines said of their disks, firewall and make-up, against what must be concluded.

The recordings of others state their conclusions in prose; `PROSE` is that prose as a table. They
are no part of the repository: ``make test-recordings`` says where they lie.
"""

import re
from pathlib import Path

import pytest

from agent.checks import observe_all
from agent.device import inventory
from agent.recordings.replay import Recording
from tests.recordings.windows_conclusions import conclude_windows

HOSTS = Path(__file__).parent / "hosts"
ROW = re.compile(r"^\| ((?:disk|firewall)\.[^|]+?) \| ([^|]*?) \|", re.MULTILINE)
OURS = [
    (table.parent.name, fact, cell)
    for signal in ("disks", "firewall")
    for table in sorted(HOSTS.glob(f"windows-{signal}-*/EXPECTED.md"))
    for fact, cell in ROW.findall(table.read_text(encoding="utf-8"))
]
GERMAN = "windows-10-de-bitlocker-off-then-encrypting"
PROSE = (
    (f"{GERMAN} step1-off", "disk.C:", "plain"),
    (f"{GERMAN} step2-encrypting", "disk.C:", "partial"),
    (f"{GERMAN} step3-protected", "disk.C:", "encrypted"),
    ("windows-10-fr-bitlocker-on-utf16", "disk.C:", "encrypted"),
    ("windows-10-fr-bitlocker-on-utf16", "disk.all_fixed_volumes_encrypted", "yes"),
    ("windows-10-fr-bitlocker-on-utf16", "disk.boot_volumes", "2"),
    ("windows-10-fr-bitlocker-on-utf16", "disk.fixed_data_volumes", "0"),
    (
        "windows-10-fr-bitlocker-on-utf16",
        "inventory.disks",
        "KXG50ZNV512G NVMe TOSHIBA 512GB 512105932800 ?",
    ),
    ("windows-11-24h2-stale-protectionstatus", "disk.C:", "plain"),
    ("windows-11-auto-encrypted-no-protectors", "disk.C:", "ineffective"),
    ("windows-11-pro-insider-not-encrypted", "disk.C:", "plain"),
    ("windows-11-pro-insider-not-encrypted", "disk.J:", "plain"),
    ("windows-11-pro-insider-not-encrypted", "disk.K:", "plain"),
    ("windows-11-pro-insider-not-encrypted", "disk.all_fixed_volumes_encrypted", "no"),
    ("windows-8.1-es-locked-data-volume", "disk.E:", "unknown"),
    ("windows-8.1-es-locked-data-volume", "disk.all_fixed_volumes_encrypted", "unknown"),
    ("windows-client-bitlocker-on-removable-off", "disk.C:", "encrypted"),
    ("windows-client-bitlocker-on-removable-off", "disk.removable_volumes", "1"),
    (
        "windows-client-bitlocker-on-removable-off",
        "disk.all_fixed_volumes_encrypted",
        "yes",
    ),
    ("windows-server-bitlocker-module-missing", "disk.all_fixed_volumes_encrypted", "unknown"),
    ("windows-10-firewall-registry-on", "firewall.default_deny_inbound", "unknown"),
    ("windows-7-firewall-registry", "firewall.default_deny_inbound", "no"),
    ("windows-domain-firewall-off", "firewall.domain", "no"),
    ("windows-domain-firewall-off", "firewall.private", "no"),
    ("windows-domain-firewall-off", "firewall.public", "no"),
    ("windows-server-2019-dc-aws-vm", "firewall.default_deny_inbound", "yes"),
    ("windows-server-2022-firewall-activestore", "firewall.domain", "yes"),
    ("windows-server-2022-firewall-activestore", "firewall.private", "yes"),
    ("windows-server-2022-firewall-activestore", "firewall.public", "yes"),
    (
        "windows-10-dell-latitude-7480",
        "inventory.disks",
        "PC300 NVMe SK hynix 512GB 512110190592 SSD",
    ),
    ("windows-11-entra-joined-workgroup", "inventory.manufacturer", "LENOVO"),
    ("windows-11-entra-joined-workgroup", "inventory.virtualization", "unknown"),
    ("windows-server-2022-de-ec2-legacy-bios", "inventory.serial", "unknown"),
    ("windows-server-2022-de-ec2-legacy-bios", "inventory.virtualization", "amazon"),
    ("windows-server-2022-de-ec2-legacy-bios", "inventory.os_id", "windows-server"),
    ("windows-server-2022-de-ec2-legacy-bios", "inventory.os_version", "10.0.20348"),
    ("windows-server-core-1909-aws", "inventory.virtualization", "xen"),
    ("windows-server-core-1909-aws", "inventory.os_version", "10.0.18363"),
    ("windows-vm-proxmox", "inventory.serial", "unknown"),
    ("windows-vm-proxmox", "inventory.virtualization", "bochs"),
    ("windows-tpm-absent", "disk.all_fixed_volumes_encrypted", "unknown"),
    ("windows-tpm-absent", "firewall.default_deny_inbound", "unknown"),
)


def concluded(folder: Path, moment: str | None, fact: str) -> str | None:
    host = Recording(folder, moment)
    seen = {observation.signal: observation for observation in observe_all(host)}
    return conclude_windows(fact, seen, inventory(host))


@pytest.mark.parametrize(("folder", "fact", "cell"), OURS)
def test_a_windows_host_of_ours_is_read_as_it_must_be(folder: str, fact: str, cell: str) -> None:
    assert concluded(HOSTS / folder, None, fact) == cell


@pytest.mark.parametrize("signal", ["disks", "firewall"])
def test_disks_and_firewall_have_a_host_of_each_kind(signal: str) -> None:
    fact = {"disks": "disk.all_fixed_volumes_encrypted"}.get(
        signal, "firewall.default_deny_inbound"
    )
    told = {folder: cell for folder, what, cell in OURS if what == fact}
    for kind, cell in (("good", "yes"), ("bad", "no"), ("blind", "unknown")):
        assert told[f"windows-{signal}-{kind}"] == cell


@pytest.mark.recordings
@pytest.mark.parametrize(("host", "fact", "words"), PROSE)
def test_a_real_windows_host_is_read_as_it_must_be(
    host: str, fact: str, words: str, request: pytest.FixtureRequest
) -> None:
    name, _, moment = host.partition(" ")
    folder = Path(request.config.getoption("--recordings") or "nowhere") / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not there")
    assert concluded(folder, moment or None, fact) == words
