"""Addresses and networks as spans of integers, and which spans an attacker surely has one of."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network, summarize_address_range
from socket import AF_INET, AF_INET6, inet_pton
from typing import Literal

from agent.checks.firewall.ports import Span

Version = Literal[4, 6]


def _spans_of(*texts: str) -> tuple[Span, ...]:
    networks = (ip_network(text) for text in texts)
    return tuple((int(network[0]), int(network[-1])) for network in networks)


_NOT_PUBLIC: dict[int, tuple[Span, ...]] = {
    4: _spans_of(
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    ),
    6: _spans_of("::/3", "4000::/2", "8000::/1"),
}
_MANY: dict[int, int] = {4: 1 << 24, 6: 1 << 112}
"""More public addresses than this and "from there" is "from anywhere"."""


def span(text: str) -> Span:
    """The first and last address of "192.0.2.1", "192.0.2.0/24" or "192.0.2.1-192.0.2.9".

    Raises ValueError when it is none of them.
    """
    if (exact := _exact(text)) is not None:
        return exact, exact
    first, dash, last = text.partition("-")
    if dash:
        return int(ip_address(first)), int(ip_address(last))
    network = ip_network(text, strict=False)
    return int(network[0]), int(network[-1])


def _exact(text: str) -> int | None:
    """One address, ten times as fast as `ipaddress`: a country's list names 100,000."""
    try:
        return int.from_bytes(inet_pton(AF_INET6 if ":" in text else AF_INET, text))
    except (OSError, ValueError):
        return None


def version_of(text: str) -> Version:
    return 6 if ":" in text else 4


def is_wide(spans: Iterable[Span], version: Version) -> bool:
    """True when so many public addresses are meant that whoever attacks has one of them."""
    total = 0
    for low, high in spans:
        total += high - low + 1
        total -= sum(shared((low, high), private) for private in _NOT_PUBLIC[version])
    return total > _MANY[version]


def is_multicast(addresses: Span, version: Version) -> bool:
    """True when every address of the span is multicast or the limited broadcast."""
    low, high = addresses
    if version == 6:
        return low >> 120 == 0xFF and high >> 120 == 0xFF
    return (low >> 28 == 0xE and high >> 28 == 0xE) or low == high == 0xFFFFFFFF


def covers(outer: Span, inner: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def shared(one: Span, other: Span) -> int:
    """How many addresses two spans have in common."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]) + 1)


def words(addresses: Span, version: Version) -> str:
    """The span as a prefix, or as "first-last" when it is none.

    >>> words(span("192.0.2.0/24"), 4)
    '192.0.2.0/24'
    >>> words(span("192.0.2.1-192.0.2.2"), 4)
    '192.0.2.1-192.0.2.2'
    """
    kind = IPv4Network if version == 4 else IPv6Network
    first, last = kind(addresses[0]).network_address, kind(addresses[1]).network_address
    prefixes = list(summarize_address_range(first, last))
    return str(prefixes[0]) if len(prefixes) == 1 else f"{first}-{last}"


def can_send(network: Span, version: Version) -> bool:
    """False for addresses no packet from outside comes from: loopback, multicast, none."""
    if version == 4:
        return network[1] < 1 << 32 and network[0] >> 24 not in (0, 127) and network[0] >> 28 < 14
    return network[1] >= 1 << 32 and network[0] >> 120 != 0xFF
