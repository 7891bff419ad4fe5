"""Machines of unusual size: ten thousand mounts, thousands of rules, thousands of updates."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.agent.checks.disk_encryption.stack import Stack
from tests.fakes import FakeHost

ADDRESSES = json.dumps(
    [
        {
            "ifname": "eth0",
            "flags": ["UP"],
            "addr_info": [{"family": "inet", "local": "192.168.1.5", "prefixlen": 24}],
        }
    ]
)
LINE = re.compile(r"Inst (\S+) (?:\[(.*?)\] )?\((\S+) (.*?) \[.*?\]\)")
SECURITY = "Debian-Security:12/oldstable-security"
IF_INET6 = "fe800000000000000000000000000001 02 40 20 80 eth0\n"


@dataclass(frozen=True)
class Large:
    """A machine, the signal that is asked of it, and the least that any reader must do."""

    name: str
    signal: str
    host: FakeHost
    floor: Callable[[], object]
    floor_is: str


def mounts(count: int = 10_000) -> Large:
    """Containers: an overlay and a bind mount each, and snaps; one LUKS disk below."""
    stack = Stack()
    stack.luks("dm-0", "root", "nvme0n1p3")
    stack.mount("254:0", "/", "ext4", "/dev/mapper/root")
    for n in range(count // 2):
        stack.mounts += (
            f"{n} 1 0:{n} / /var/lib/docker/overlay2/{n:064x}/merged rw - overlay overlay rw\n"
        )
        stack.mounts += (
            f"{n} 1 254:0 /x/{n} /var/lib/kubelet/pods/{n:036x}/v rw - ext4 /dev/mapper/root rw\n"
        )
    text = stack.mounts
    return Large(
        f"{count} mounts",
        "disk_encryption",
        stack.host(),
        lambda: [line.split(" ") for line in text.split("\n")],
        "splitting the same text into words",
    )


def nft_rules(count: int = 5_000) -> Large:
    """A drop policy, and accepts from single addresses to single ports."""
    of = {"family": "inet", "table": "f"}
    rows: list[dict[str, Any]] = [
        {"metainfo": {}},
        {"table": {"family": "inet", "name": "f"}},
        {
            "chain": {
                **of,
                "name": "input",
                "type": "filter",
                "hook": "input",
                "prio": 0,
                "policy": "drop",
            }
        },
    ]
    for n in range(count):
        source = {"payload": {"protocol": "ip", "field": "saddr"}}
        port = {"payload": {"protocol": "tcp", "field": "dport"}}
        address = f"203.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
        expr = [
            {"match": {"op": "==", "left": source, "right": address}},
            {"match": {"op": "==", "left": port, "right": 1 + n % 60_000}},
            {"accept": None},
        ]
        rows.append({"rule": {**of, "chain": "input", "handle": n, "expr": expr}})
    text = json.dumps({"nftables": rows})
    return Large(
        f"{count} nft rules",
        "firewall",
        _firewall({"nft -j list ruleset": text}),
        lambda: json.loads(text),
        "json.loads of the same text",
    )


def iptables_rules(count: int = 5_000) -> Large:
    """The same through iptables-legacy, invisible to nft."""
    as_json = str(nft_rules(count).host.commands["nft -j list ruleset"])
    lines = [
        f"-A INPUT -s 203.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}/32 -p tcp -m tcp"
        f" --dport {1 + n % 60_000} -j ACCEPT\n"
        for n in range(count)
    ]
    text = "*filter\n:INPUT DROP [0:0]\n" + "".join(lines) + "COMMIT\n"
    host = _firewall(
        {
            "nft -j list ruleset": '{"nftables": [{"metainfo": {}}]}',
            "iptables -V": "iptables v1.8.9 (nf_tables)\n",
            "iptables-legacy-save": text,
        },
        {"/proc/net/ip_tables_names": "filter\n"},
    )
    return Large(
        f"{count} iptables rules",
        "firewall",
        host,
        lambda: json.loads(as_json),
        "json.loads of the same rules as nft prints them",
    )


def _firewall(commands: dict[str, str], files: dict[str, str] | None = None) -> FakeHost:
    return FakeHost(
        {"ip -j addr": ADDRESSES, **commands}, {"/proc/net/if_inet6": IF_INET6, **(files or {})}
    )


def updates(count: int = 3_000) -> Large:
    """A pacman system that nobody has updated for long."""
    text = "".join(f"package-{n:04} 1:1.0.{n}-1 -> 1:1.1.{n}-1\n" for n in range(count))
    host = FakeHost({"pacman -Qu": text}, {"/etc/os-release": "ID=arch\n"})
    return Large(
        f"{count} updates (pacman)",
        "os_updates",
        host,
        lambda: [line.split() for line in text.splitlines()],
        "splitting the same text into words",
    )


def all_large() -> tuple[Large, ...]:
    return mounts(), nft_rules(), iptables_rules(), updates(), apt_updates()


def apt_updates(count: int = 3_000) -> Large:
    """The same with apt, where security is told from the origin."""
    from tests.agent.checks.os_updates import test_apt

    lines = "".join(
        f"Inst package-{n:04} [1.0.{n}-1] (1.1.{n}-1 {SECURITY} [amd64])\n" for n in range(count)
    )
    text = f"{lines}{count} upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
    return Large(
        f"{count} updates (apt)",
        "os_updates",
        test_apt.machine(text),
        lambda: [LINE.fullmatch(line) for line in text.splitlines()],
        "one regular expression a line",
    )
