"""Every signal and source has a host of ours where it is good, one where it is bad, one unseen."""

import re
from pathlib import Path

import pytest

HOSTS = Path(__file__).parent / "hosts"
KINDS = ("good", "bad", "blind")
LINUX: dict[tuple[str, str], tuple[str, str]] = {
    ("disk_encryption", "LUKS2 and LVM"): ("disks", "disk./"),
    ("disk_encryption", "md"): ("disks", "disk./srv"),
    ("disk_encryption", "btrfs"): ("disks", "disk./data"),
    ("disk_encryption", "ZFS"): ("disks", "disk./tank"),
    ("disk_encryption", "zram and other swap"): ("disks", "swap.encrypted"),
    ("disk_encryption", "fscrypt and eCryptfs"): ("disks", "disk.encrypted_homes"),
    ("firewall", "nft"): ("firewall-nft", "firewall.default_deny_inbound"),
    ("firewall", "iptables-save"): ("firewall-iptables", "firewall.default_deny_inbound"),
    ("firewall", "ufw"): ("firewall-ufw", "firewall.default_deny_inbound"),
    ("firewall", "firewalld"): ("firewall-firewalld", "firewall.default_deny_inbound"),
    ("antivirus", "ClamAV"): ("antivirus", "antivirus.ClamAV.real_time"),
    ("antivirus", "mdatp"): ("antivirus", "antivirus.Microsoft Defender.real_time"),
    ("antivirus", "falconctl"): ("antivirus", "antivirus.CrowdStrike Falcon.real_time"),
    ("antivirus", "sentinelctl"): ("antivirus", "antivirus.SentinelOne.real_time"),
    ("antivirus", "bduitool"): ("antivirus", "antivirus.Bitdefender.real_time"),
    ("antivirus", "cytool"): ("antivirus", "antivirus.Cortex XDR.running"),
    ("antivirus", "repcli"): ("antivirus", "antivirus.Carbon Black Cloud.running"),
    ("screen_lock", "GNOME"): ("desks", "autolock.gnome"),
    ("screen_lock", "KDE"): ("desks", "autolock.kde"),
    ("screen_lock", "XFCE"): ("desks", "autolock.xfce"),
    ("screen_lock", "Cinnamon"): ("desks", "autolock.cinnamon"),
    ("screen_lock", "MATE"): ("desks", "autolock.mate"),
    ("screen_lock", "swayidle"): ("desks", "autolock.sway"),
    ("screen_lock", "hypridle"): ("desks", "autolock.hyprland"),
    ("screen_lock", "X11 lockers"): ("desks", "autolock.i3"),
    ("os_updates", "apt"): ("updates-apt", "updates.pending_security"),
    ("os_updates", "dnf"): ("updates-dnf", "updates.pending_security"),
    ("os_updates", "dnf5"): ("updates-dnf5", "updates.pending_security"),
    ("os_updates", "zypper"): ("updates-zypper", "updates.pending_security"),
    ("os_updates", "pacman"): ("updates-pacman", "updates.pending"),
    ("os_updates", "rpm-ostree"): ("updates-rpm-ostree", "updates.pending_security"),
    ("os_updates", "bootc"): ("updates-bootc", "updates.pending"),
}
NEVER_GOOD = {"bootc": "an image says what is staged, and never that there is nothing newer"}


def told(host: str, fact: str) -> str:
    """What the table of a host says of a fact."""
    table = (HOSTS / f"linux-{host}" / "EXPECTED.md").read_text()
    rows = re.finditer(r"^\| ([^|]+) \| ([^|]+) \|", table, re.MULTILINE)
    return {row[1]: row[2] for row in rows}[fact]


def kind(fact: str, cell: str) -> str:
    """good, bad or blind."""
    if cell == "unknown":
        return "blind"
    if fact.startswith("updates."):
        return "good" if cell == "0" else "bad"
    return "bad" if cell in ("no", "plain", "partial", "0") else "good"


@pytest.mark.parametrize(("signal", "source"), LINUX)
@pytest.mark.parametrize("wanted", KINDS)
def test_a_source_has_a_host_of_each_kind(signal: str, source: str, wanted: str) -> None:
    if wanted == "good" and source in NEVER_GOOD:
        assert not (HOSTS / f"linux-{LINUX[signal, source][0]}-good").exists()
        return
    host, fact = LINUX[signal, source]
    assert kind(fact, told(f"{host}-{wanted}", fact)) == wanted


def test_no_host_lies_beside_the_table() -> None:
    wanted = {f"linux-{host}-{kind}" for host, _ in LINUX.values() for kind in KINDS}
    found = {folder.name for folder in HOSTS.glob("linux-*")}
    assert found == wanted - {"linux-updates-bootc-good"}


def test_no_name_is_one_that_windows_refuses() -> None:
    names = [path.name for path in HOSTS.rglob("*")]
    assert not [name for name in names if re.search(r'[<>:"|?*\\]|[. ]$', name)]
