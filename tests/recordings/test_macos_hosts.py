"""What Macs said, against what must be concluded: every signal good, bad and out of sight.

The recordings of others state their conclusions in prose; `PROSE` is that prose as a table. They
are no part of the repository: ``make test-recordings`` says where they lie.
"""

import random
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.checks import CHECKS, observe_all
from agent.device import inventory
from agent.observation import observe
from agent.recordings.loose import moments
from agent.recordings.replay import Recording, UnusableRecording
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.signals_pb2 import Observation, UnknownReason
from tests.recordings.test_damage import ROUNDS, SIGNALS, damaged, praise, to_damage
from tests.recordings.windows_conclusions import conclude_windows

HOSTS = Path(__file__).parent / "hosts"
ROW = re.compile(r"^\| (\w+\.[^|]+?) \| ([^|]*?) \|", re.MULTILINE)
OURS = [
    (table.parent.name, fact, cell)
    for table in sorted(HOSTS.glob("macos-*/EXPECTED.md"))
    for fact, cell in ROW.findall(table.read_text(encoding="utf-8"))
]
DECISIVE = {
    "disks": ("disk.all_fixed_volumes_encrypted", "yes", "no"),
    "firewall": ("firewall.default_deny_inbound", "yes", "no"),
    "antivirus": ("antivirus.Microsoft Defender.real_time", "yes", "no"),
    "desks": ("autolock.alice", "yes after 300 s", "no"),
    "updates": ("updates.pending_security", "0", "1"),
}
"""The fact that a host of each kind is about, and what it is on the good and on the bad one."""

EDR = "macos-14-third-party-edr"
LOCK = "macos-14.8.7-screenlock"
OFF = "macos-26.5-m3max-firewall-off"
PROSE = (
    ("macos-10.11-alf-on", "firewall.default_deny_inbound", "yes"),
    ("macos-10.13-mbp14-ioreg", "inventory.serial", "unknown"),
    ("macos-10.13-mbp14-ioreg", "device.hardware_uuid", "known"),
    ("macos-10.14.3-mbp15-firewall-on", "firewall.default_deny_inbound", "yes"),
    ("macos-10.9-filevault-on-master-keychain", "disk./", "encrypted"),
    ("macos-10.x-alf-plist-off", "firewall.default_deny_inbound", "no"),
    ("macos-11-systemsetup-spacerocket", "autolock.somebody", "unknown"),
    ("macos-11-systemsetup-spacerocket", "lock.idle_seconds", "600"),
    ("macos-11.2.3-m1-air", "inventory.model", "MacBook Air (MacBookAir10,1)"),
    ("macos-11.2.3-m1-air", "inventory.memory_bytes", str(16 << 30)),
    ("macos-11.2.3-m1-air", "inventory.serial", "E9O1Q6W5FAKE"),
    ("macos-11.2.3-m1-air", "inventory.os_version", "11.2.3"),
    ("macos-13-update-beta", "updates.pending", "0"),
    ("macos-13-update-none", "updates.pending", "0"),
    ("macos-13.3.1-rsr-a", "inventory.os_name", "macOS 13.3.1 (a)"),
    (EDR, "antivirus.Microsoft Defender.real_time", "yes"),
    (EDR, "antivirus.Microsoft Defender.signature_date", "2023-05-03T05:48:58Z"),
    (EDR, "antivirus.SentinelOne.real_time", "yes"),
    (EDR, "antivirus.Cortex XDR.running", "yes"),
    (EDR, "antivirus.Cortex XDR.content_version", "1270-79108"),
    (EDR, "antivirus.Cortex XDR.signature_date", "unknown"),
    (f"{LOCK} 1-before", "autolock.somebody", "unknown"),
    (f"{LOCK} 1-before", "lock.lock_delay_seconds", "300"),
    (f"{LOCK} 2-after", "lock.lock_delay_seconds", "0"),
    ("macos-15-block-all-state2", "firewall.default_deny_inbound", "yes"),
    ("macos-15-mdm-managed-firewall", "firewall.default_deny_inbound", "unknown"),
    (
        "macos-15-mdm-managed-firewall",
        "firewall.manager",
        "device management (requires the firewall to be on)",
    ),
    ("macos-15-vm-virtualmac", "inventory.virtualization", "apple"),
    ("macos-15-vm-virtualmac", "inventory.cpu_cores", "2"),
    ("macos-15-vm-virtualmac", "device.kind", "virtual_machine"),
    ("macos-15.3.2-xprotect-log", "antivirus.XProtect.content_version", "unknown"),
    ("macos-26-m4max-managed-boot-policy", "disk.all_fixed_volumes_encrypted", "unknown"),
    (OFF, "disk./", "encrypted"),
    (OFF, "firewall.default_deny_inbound", "no"),
    (OFF, "autolock.somebody", "unknown"),
    (OFF, "lock.idle_seconds", "600"),
    (OFF, "antivirus.Trellix (McAfee).running", "unknown"),
    (OFF, "inventory.os_version", "26.5"),
    ("macos-26.6-no-cgsession", "firewall.default_deny_inbound", "unknown"),
    ("macos-mbp12-ioreg", "inventory.model", "MacBookPro12,1"),
    ("macos-mbp12-ioreg", "inventory.serial", "C02QM3FSFVH8"),
    ("macos-nixdarwin-vm-listapps", "firewall.default_deny_inbound", "unknown"),
)


def look(folder: Path, moment: str | None) -> tuple[Mapping[str, Observation], Inventory]:
    host = Recording(folder, moment)
    return {seen.signal: seen for seen in observe_all(host)}, inventory(host)


def concluded(folder: Path, moment: str | None, fact: str) -> str | None:
    seen, made_of = look(folder, moment)
    room, _, field = fact.partition(".")
    if room == "lock":
        (user,) = seen["screen_lock"].screen_lock.users
        return str(getattr(user, field)) if user.HasField(field) else "unknown"  # type: ignore[arg-type]
    return conclude_windows(fact, seen, made_of)


@pytest.mark.parametrize(("folder", "fact", "cell"), OURS)
def test_a_mac_of_ours_is_read_as_it_must_be(folder: str, fact: str, cell: str) -> None:
    assert concluded(HOSTS / folder, None, fact) == cell


@pytest.mark.parametrize("signal", DECISIVE)
def test_every_signal_has_a_mac_of_each_kind(signal: str) -> None:
    fact, good, bad = DECISIVE[signal]
    told = {folder: cell for folder, what, cell in OURS if what == fact}
    for kind, cell in (("good", good), ("bad", bad), ("blind", "unknown")):
        assert told[f"macos-{signal}-{kind}"] == cell


def praised(signal: str, folder: Path) -> Counter[str]:
    """Where a person's or a volume's name is damaged, its number or its label stands for it; a
    number that lost its last digit is a number.
    """
    said = praise(observe(signal, CHECKS[signal]["macos"], Recording(folder)))
    return Counter(re.sub(r"^(user|volume) .+", r"\1", words) for words in said)


@pytest.mark.parametrize("name", sorted({folder for folder, _, _ in OURS}))
def test_damage_never_makes_a_mac_look_better(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(HOSTS / name, folder)
    signal = SIGNALS[name.split("-")[1]]
    whole = praised(signal, folder)
    files = sorted(filter(to_damage, folder.rglob("*")))
    chance = random.Random(name)
    for _ in range(ROUNDS):
        file = chance.choice(files)
        content = file.read_bytes()
        file.write_bytes(damaged(content, chance))
        try:
            better = praised(signal, folder) - whole
        except UnusableRecording:
            better = Counter()
        assert not better, f"{file.relative_to(folder)}: {file.read_bytes()!r}"
        file.write_bytes(content)


@pytest.mark.recordings
@pytest.mark.parametrize(("host", "fact", "words"), PROSE)
def test_a_real_mac_is_read_as_it_must_be(
    host: str, fact: str, words: str, request: pytest.FixtureRequest
) -> None:
    name, _, moment = host.partition(" ")
    folder = Path(request.config.getoption("--recordings") or "nowhere") / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not there")
    assert concluded(folder, moment or None, fact) == words


@pytest.mark.recordings
def test_no_real_mac_meets_a_defect(request: pytest.FixtureRequest) -> None:
    place = Path(request.config.getoption("--recordings") or "nowhere")
    defects = [
        (folder.name, one.signal, one.unknown.detail)
        for folder in sorted(place.glob("macos-*"))
        for moment in moments(folder) or (None,)
        for one in look(folder, moment)[0].values()
        if one.unknown.reason == UnknownReason.UNKNOWN_REASON_INTERNAL
    ]
    assert not defects
