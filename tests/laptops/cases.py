"""The laptops: what each is made of, and what the collector must say of it."""

from functools import partial

from tests.laptops.case import Case, fails, not_applicable, passes
from tests.laptops.made import (
    ALICE,
    CLAMAV,
    GNOME,
    KDE,
    NFTABLES_DROP,
    UFW_ON,
    UNATTENDED,
    clamav_database,
)
from tests.laptops.package_life import package_life
from tests.laptops.stories import firewall_switched, power_cut
from tests.laptops.unprivileged import seen_by_alice

UFW = ("ufw", "nftables", "procps")
"""Debian's iptables, which ufw needs, recommends nftables."""

CLAMAV_PACKAGES = ("clamav-daemon", "clamav", "faketime")
NO_FIREWALL = fails("let in on ipv4, ipv6")
BLOCKED = ("blocked on ipv4, ipv6",)

CASES: tuple[Case, ...] = (
    Case(
        name="plain-ext4",
        about="no encryption, no firewall, no antivirus, no desktop; all updates installed",
        expected={
            "disk_encrypted": fails("not encrypted: / (ext4 on ubda)"),
            "firewall_blocks_inbound": NO_FIREWALL,
            "antivirus_active": fails("no antivirus is installed"),
            "antivirus_definitions_fresh": not_applicable(),
            "screen_locks_automatically": not_applicable("no graphical session"),
            "os_supported": passes("Debian", "12"),
            "os_security_updates_applied": passes("no security update is pending"),
        },
    ),
    Case(
        name="luks2-lvm",
        about="LVM on LUKS2, root and swap inside; a separate plain /boot; ufw on",
        layout="luks-lvm",
        packages=UFW,
        setup=UFW_ON + ALICE,
        expected={
            "disk_encrypted": passes("2 volumes seen, none in clear", "LUKS2", "vg0-swap"),
            "firewall_blocks_inbound": passes(*BLOCKED),
        },
        story=partial(seen_by_alice, denied=("disk_encryption", "firewall")),
    ),
    Case(
        name="luks-plain-swap",
        about="root on LUKS2 beside a plain swap partition; ufw installed and off",
        layout="luks-root-plain-swap",
        packages=UFW,
        expected={
            "disk_encrypted": fails("not encrypted: [swap]", "ubda2"),
            "firewall_blocks_inbound": NO_FIREWALL,
        },
    ),
    Case(
        name="btrfs-on-luks",
        about="btrfs on LUKS2, no swap; nftables with a default of drop",
        layout="btrfs-on-luks",
        packages=("nftables", "netbase"),
        setup=NFTABLES_DROP,
        expected={
            "disk_encrypted": passes("none in clear", "LUKS2"),
            "firewall_blocks_inbound": passes(*BLOCKED),
        },
    ),
    Case(
        name="luks-on-md",
        about="LUKS2 on a RAID1 of two disks; firewalld in its default zone",
        layout="luks-on-md",
        packages=("firewalld", "nftables", "netbase"),
        at_start=("timeout 90 sh -c 'until firewall-cmd --state; do sleep 1; done'",),
        expected={
            "disk_encrypted": passes("none in clear", "LUKS2"),
            "firewall_blocks_inbound": passes(*BLOCKED, "tcp 22"),
        },
    ),
    Case(
        name="encrypted-home",
        about="plain root, LUKS2 on /home opened with a passphrase; ufw enabled, rules flushed",
        layout="encrypted-home",
        packages=UFW,
        setup=UFW_ON + ALICE,
        at_start=(
            "printf laptop | cryptsetup open --key-file - /dev/ubda2 crypthome",
            "mount /dev/mapper/crypthome /home",
            "for tables in iptables ip6tables; do $tables -P INPUT ACCEPT; $tables -F; done",
        ),
        expected={
            "disk_encrypted": fails("not encrypted: / (ext4 on ubda3)"),
            "firewall_blocks_inbound": fails("let in on ipv4, ipv6", "ufw"),
        },
    ),
    Case(
        name="clamav-fresh",
        about="clamd and clamonacc run, the database was built today",
        packages=CLAMAV_PACKAGES,
        setup=CLAMAV,
        at_start=(clamav_database(age_days=0),),
        expected={
            "antivirus_active": passes("ClamAV"),
            "antivirus_definitions_fresh": passes("ClamAV"),
        },
    ),
    Case(
        name="clamav-stale",
        about="the same with a database of 30 days ago",
        packages=CLAMAV_PACKAGES,
        setup=CLAMAV,
        at_start=(clamav_database(age_days=30),),
        expected={
            "antivirus_active": passes("ClamAV"),
            "antivirus_definitions_fresh": fails("30 days old", "the limit is 7"),
        },
    ),
    Case(
        name="gnome-user",
        about="alice has a GNOME session that locks after 4.5 minutes",
        packages=("dconf-cli", "gsettings-desktop-schemas"),
        setup=GNOME,
        at_start=("systemctl start alice-session && sleep 3 && loginctl list-sessions",),
        expected={
            "screen_locks_automatically": passes("locks after 270 seconds", "alice: wayland"),
        },
        story=partial(seen_by_alice, denied=("firewall",)),
    ),
    Case(
        name="kde-user",
        about="alice has a Plasma session and has switched its lock off",
        setup=KDE,
        at_start=("systemctl start alice-session && sleep 3 && loginctl list-sessions",),
        expected={"screen_locks_automatically": fails("alice", "Autolock=false")},
    ),
    Case(
        name="security-pending",
        about="installed from the point release; what the security archive has is not installed",
        updated=False,
        expected={
            "os_security_updates_applied": passes("pending, the oldest since", "days are allowed"),
            "os_supported": passes("Debian"),
        },
    ),
    Case(
        name="unattended-upgrades",
        about="the same kept up to date, with unattended-upgrades on",
        packages=("unattended-upgrades",),
        setup=UNATTENDED,
        expected={"os_security_updates_applied": passes("no security update is pending")},
    ),
    Case(
        name="firewall-switched",
        about="ufw is switched off while the laptop runs, and on again",
        packages=UFW,
        setup=UFW_ON,
        expected={"firewall_blocks_inbound": passes(*BLOCKED)},
        story=firewall_switched,
    ),
    Case(
        name="power-cut",
        about="power is lost while it looks, and while a report waits for its answer",
        packages=UFW,
        setup=UFW_ON,
        expected={"firewall_blocks_inbound": passes(*BLOCKED)},
        story=power_cut,
    ),
    Case(
        name="package",
        about="the built package alone: installed, enrolled, upgraded, power lost in it, purged",
        layout="luks-lvm",
        packages=(*UFW, "dconf-cli", "gsettings-desktop-schemas"),
        setup=UFW_ON + GNOME,
        at_start=("systemctl start alice-session && sleep 3 && loginctl list-sessions",),
        packaged=True,
        expected={
            "disk_encrypted": passes("none in clear", "LUKS2"),
            "firewall_blocks_inbound": passes(*BLOCKED),
            "screen_locks_automatically": passes("locks after 270 seconds"),
        },
        story=package_life,
    ),
)
