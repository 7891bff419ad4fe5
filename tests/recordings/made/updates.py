"""Machines for OS updates whose package managers Debian does not carry, and apt's.

dnf, zypper and pacman are recorded for real: see `tests.recordings.made.package_managers`.
"""

import json
from collections.abc import Mapping

from agent.host import Output, TimedOut
from tests.agent.checks.os_updates.test_apt import (
    NO_INDEX,
    NOTHING,
    PENDING,
    POLICY,
    RELEASE,
    SIMULATION,
    TZDATA,
)
from tests.fakes import Answer, FakeHost

DEBIAN = "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n"
FEDORA = "ID=fedora\nVERSION_ID=42\nSUPPORT_END=2026-05-13\n"
LISTED = "/var/lib/apt/lists/deb.example.org_debian-security_dists_bookworm-security_InRelease"
ADVISED = [
    {"name": "FEDORA-2026-1", "type": "security", "severity": "Important",
     "nevra": "acme-ssl-3.0.9-2.fc42.noarch"},
    {"name": "FEDORA-2026-2", "type": "bugfix", "severity": "None",
     "nevra": "acme-edit-1.1-1.fc42.noarch"},
]  # fmt: skip
UPGRADES = "acme-edit.noarch  1.1-1.fc42  updates\nacme-ssl.noarch  3.0.9-2.fc42  updates\n"
CACHED = "/var/cache/libdnf5/updates-0123456789abcdef/repodata"
REPOMD = (
    '<?xml version="1.0"?><repomd><data type="updateinfo"><timestamp>1795309982</timestamp>'
    "</data></repomd>\n"
)
BOOTED = {
    "booted": True,
    "origin": "fedora:fedora/42/x86_64/silverblue",
    "checksum": "a" * 64,
    "version": "42.20261101.0",
}


def apt(simulated: str, policy: str) -> FakeHost:
    commands = {
        SIMULATION: simulated,
        "apt-cache policy": policy,
        "apt-cache policy tzdata": TZDATA,
    }
    return FakeHost(commands, {"/etc/os-release": DEBIAN, LISTED: RELEASE})


def dnf5(listed: str, status: int, advised: Answer) -> FakeHost:
    commands: dict[str, Answer] = {"dnf5 -C advisory list --updates --json": advised}
    commands["dnf5 -C check-upgrade"] = Output(listed, "", status)
    files = {"/etc/os-release": FEDORA, f"{CACHED}/repomd.xml": REPOMD}
    files[f"{CACHED}/0123-updateinfo.xml.zck"] = ""
    return FakeHost(commands, files)


def rpm_ostree(news: Mapping[str, object] | None) -> FakeHost:
    status = {"deployments": [BOOTED], "cached-update": news}
    commands = {"rpm-ostree status --json": json.dumps(status, indent=1)}
    return FakeHost(commands, {"/etc/os-release": FEDORA, "/run/ostree-booted": ""})


def bootc(staged: str | None) -> FakeHost:
    def image(digest: str, version: str) -> dict[str, object]:
        return {"image": {"imageDigest": digest, "version": version}, "cachedUpdate": None}

    entry = image(f"sha256:{staged}", "10.2") if staged else None
    status = {"status": {"staged": entry, "booted": image("sha256:aaaa", "10.1")}}
    commands = {"bootc status --json": json.dumps(status, indent=1)}
    return FakeHost(commands, {"/etc/os-release": "ID=centos\n", "/run/ostree-booted": ""})


NEWS = {"checksum": "b" * 64, "version": "42.20261120.0"}
ADVISORIES = [["FEDORA-2026-1", 1, 3, ["acme-ssl-3.0.9-2.fc42.noarch"], {}]]

MACHINES = {
    "apt-good": apt(NOTHING, POLICY),
    "apt-bad": apt(PENDING, POLICY),
    "apt-blind": apt(NOTHING, NO_INDEX),
    "dnf5-good": dnf5("", 0, json.dumps(ADVISED[1:])),
    "dnf5-bad": dnf5(UPGRADES, 100, json.dumps(ADVISED)),
    "dnf5-blind": dnf5("", 0, TimedOut("dnf5 advisory list")),
    "rpm-ostree-good": rpm_ostree({**NEWS, "advisories": []}),
    "rpm-ostree-bad": rpm_ostree({**NEWS, "advisories": ADVISORIES}),
    "rpm-ostree-blind": rpm_ostree(None),
    "bootc-bad": bootc("bbbb"),
    "bootc-blind": bootc(None),
}
