"""By which interfaces packets reach this host, under which addresses, and whether by IPv6."""

import contextlib
import json
import re
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import Any

from agent.checks.firewall.addresses import Version
from agent.checks.firewall.ports import Span
from agent.host import CannotTell, FileMissing, Host, NoData, Unparsable, read_text

VIRTUAL = re.compile(
    r"(docker|br-|veth|virbr|vnet|tun|tap|wg|tailscale|zt|lxc|lxdbr|incusbr|cni|flannel|cali"
    r"|podman|dummy|ifb|nordlynx|proton|vmnet|vboxnet|sit\d|ip6tnl|gre)"
)
"""Names that container, virtual machine and tunnel software gives."""


@dataclass(frozen=True, slots=True)
class Interface:
    """`name` None stands for an interface of which nothing is known.

    `uplink`: a bridge or bond of which a network card is a part, whatever its own name.
    """

    name: str | None
    addresses: tuple[tuple[Version, int, Span], ...] = ()
    uplink: bool = False

    def own(self, version: Version) -> list[int]:
        return [address for kind, address, _ in self.addresses if kind == version]

    def networks(self, version: Version) -> list[Span]:
        return sorted({network for kind, _, network in self.addresses if kind == version})


UNKNOWN = Interface(None)


def parse_ip_addr(text: str) -> tuple[Interface, ...]:
    """The interfaces of `ip -j addr` that are up and not loopback, by name. Raises Unparsable."""
    try:
        rows = json.loads(text)
        over_cards = _over_cards(rows)
        up = [_interface(row, over_cards) for row in rows if row and _carries(row)]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise Unparsable("ip -j addr did not print a list of interfaces") from error
    return tuple(sorted(up, key=lambda interface: str(interface.name)))


def _over_cards(rows: list[dict[str, Any]]) -> set[str]:
    """The bridges and bonds with a part that is no container's or virtual machine's."""
    parts = (row for row in rows if row and "master" in row)
    return {str(row["master"]) for row in parts if not VIRTUAL.match(str(row["ifname"]))}


def _carries(row: dict[str, Any]) -> bool:
    """Up, not loopback, and not a part of a bridge or bond, which is listed itself."""
    flags = row["flags"]
    return "UP" in flags and "LOOPBACK" not in flags and "master" not in row


def _interface(row: dict[str, Any], over_cards: set[str]) -> Interface:
    found: list[tuple[Version, int, Span]] = []
    for entry in row.get("addr_info", []):
        if "local" not in entry or entry.get("family") not in ("inet", "inet6"):
            continue
        address = ip_interface(f"{entry['local']}/{entry['prefixlen']}")
        network = address.network
        version: Version = 4 if address.version == 4 else 6
        found.append((version, int(address.ip), (int(network[0]), int(network[-1]))))
    name = str(row["ifname"])
    return Interface(name, tuple(sorted(found)), name in over_cards)


def chosen(interfaces: tuple[Interface, ...]) -> tuple[Interface, ...]:
    """Those that lead outside; the virtual ones only when there are no others."""
    real = tuple(i for i in interfaces if i.uplink or not VIRTUAL.match(str(i.name)))
    return real or interfaces or (UNKNOWN,)


def inbound_interfaces(host: Host) -> tuple[Interface, ...]:
    """What `ip -j addr` or /sys/class/net says; raises nothing, an unknown one stands for all."""
    with contextlib.suppress(CannotTell):
        return chosen(parse_ip_addr(host.run("ip", "-j", "addr").text))
    with contextlib.suppress(CannotTell):
        return chosen(_from_sysfs(host))
    return (UNKNOWN,)


def _from_sysfs(host: Host) -> tuple[Interface, ...]:
    found: list[Interface] = []
    for name in host.list("/sys/class/net"):
        with contextlib.suppress(CannotTell, ValueError):
            flags = int(read_text(host, f"/sys/class/net/{name}/flags"), 16)
            if flags & 0x1 and not flags & 0x8:  # IFF_UP, IFF_LOOPBACK of net/if.h
                found.append(Interface(name))
    return tuple(found)


def ipv6_in_use(host: Host) -> bool:
    """Whether anything but the loopback has an IPv6 address. Raises CannotTell.

    The kernel takes the addresses away when IPv6 is disabled, and the list when it has none.
    """
    try:
        listed = read_text(host, "/proc/net/if_inet6")
    except FileMissing:
        return False
    except CannotTell:
        return _ipv6_by_other_means(host)
    names = [line.split()[-1] for line in listed.splitlines() if line.split()]
    return any(name != "lo" for name in names)


def _ipv6_by_other_means(host: Host) -> bool:
    with contextlib.suppress(CannotTell):
        if read_text(host, "/proc/sys/net/ipv6/conf/all/disable_ipv6").strip() == "1":
            return False
    try:
        interfaces = parse_ip_addr(host.run("ip", "-j", "addr").text)
    except CannotTell as trouble:
        raise NoData(f"whether IPv6 is in use cannot be told: {trouble}") from trouble
    return any(interface.own(6) for interface in interfaces)
