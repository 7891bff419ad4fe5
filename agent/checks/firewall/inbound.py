"""What becomes of new inbound packets: one answer for an IP family, and the ports that are open.

A packet is sent from the public network, from every connected network and from every network
the rules name, to every own address the rules tell apart, by every interface, as TCP and UDP.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

from agent.checks.firewall import addresses, ports
from agent.checks.firewall.addresses import Version
from agent.checks.firewall.interfaces import Interface
from agent.checks.firewall.packet import Packet
from agent.checks.firewall.ports import Span
from agent.checks.firewall.ruleset import Match, Ruleset
from agent.checks.firewall.walk import Reach, reach
from agent.host import CannotTell, TooLarge, Unparsable

MOST_SOURCES = 32
MOST_STEPS = 60_000
"""How many rules may be looked at for the sources the rules name, for each protocol."""

Protocol = Literal["tcp", "udp"]
PROTOCOLS: tuple[Protocol, ...] = ("tcp", "udp")
DHCP = ((67, 68), (547, 546))
"""From port, to port: the answers of a DHCP server, which a host has to ask for."""


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """As posture.v1.FirewallOpening, without the scope."""

    protocol: str
    first: int
    ports: str
    source: str


@dataclass(slots=True)
class Inbound:
    """`blocked` None: it could not be told, and `trouble` says why."""

    blocked: bool | None = True
    trouble: CannotTell | None = None
    openings: list[Opening] = field(default_factory=list)
    openings_trouble: CannotTell | None = None


@dataclass(frozen=True, slots=True)
class _Ways:
    """Everything about the ruleset and the host that packets are made from."""

    ruleset: Ruleset
    version: Version
    interfaces: tuple[Interface, ...]
    terms: list[Match]

    def packets(
        self, protocol: Protocol, source: Span | None = None, source_port: int | None = None
    ) -> Iterator[Packet]:
        for interface in self.interfaces:
            for own in self.destinations(interface):
                yield Packet(self.version, protocol, interface.name, source, own, source_port)

    def destinations(self, interface: Interface) -> list[int | None]:
        """One own address of every kind that the rules tell apart."""
        kinds: dict[tuple[bool, ...], int | None] = {}
        spans = [span for term in self.terms if term.field == "daddr" for span in term.spans]
        for own in interface.own(self.version):
            kinds.setdefault(tuple(low <= own <= high for low, high in spans), own)
        return list(kinds.values()) or [None]

    def local(self) -> list[Span]:
        return [net for interface in self.interfaces for net in interface.networks(self.version)]

    def sources(self) -> list[Span]:
        """Networks the rules name that are neither public at large nor impossible senders."""
        named = {
            span
            for term in self.terms
            if term.field == "saddr" and not term.wide
            for span in term.spans
            if addresses.can_send(span, self.version)
        }
        return sorted(named - set(self.local()))

    def source_ports(self) -> list[int]:
        narrow = (
            t for t in self.terms if t.field == "sport" and not ports.is_wide(ports.of(t.spans))
        )
        return sorted({span[0] for term in narrow for span in term.spans})


def inbound(ruleset: Ruleset, version: Version, interfaces: tuple[Interface, ...]) -> Inbound:
    """Send every kind of packet and put together what became of them."""
    ways = _Ways(ruleset, version, interfaces, ruleset.terms())
    answer = Inbound()
    public: dict[Protocol, int] = {}
    for protocol in PROTOCOLS:
        reached = [reach(ruleset, packet) for packet in ways.packets(protocol)]
        for each in reached:
            _decide(answer, each)
        public[protocol] = _open(reached)
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    for protocol in PROTOCOLS:
        found[protocol, "any", ""] = public[protocol]
    _from_networks(ways, answer, public, found)
    _from_ports(ways, public, found)
    answer.openings = _listed(found)
    return answer


def _decide(answer: Inbound, each: Reach) -> None:
    """One wide way in is enough; one that cannot be told leaves nothing else to say."""
    if ports.is_wide(each.can):
        answer.blocked, answer.trouble = False, None
    elif ports.is_wide(each.may) and answer.blocked is not False:
        answer.blocked = None
        answer.trouble = answer.trouble or _undecided(each)


def _undecided(each: Reach) -> CannotTell:
    words = [said for there, said in each.doubts if there & each.may & ~each.can]
    return Unparsable(f"what this does cannot be told: {words[0] if words else 'the ruleset'}")


def _open(reached: list[Reach]) -> int:
    """Ports that are open by some way; a few that may be open are counted as open."""
    found = ports.NONE
    for each in reached:
        found |= each.can if ports.is_wide(each.may & ~each.can) else each.may
    return found


def _from_networks(
    ways: _Ways,
    answer: Inbound,
    public: dict[Protocol, int],
    found: dict[tuple[str, str, str], int],
) -> None:
    local, named = ways.local(), ways.sources()
    most = min(MOST_SOURCES, MOST_STEPS // max(1, 2 * ways.ruleset.size()))
    if len(named) > most:
        answer.openings_trouble = TooLarge(f"the rules name {len(named)} networks")
    for source, protocol in product([*local, *named[:most]], PROTOCOLS):
        reached = [reach(ways.ruleset, packet) for packet in ways.packets(protocol, source)]
        more = _open(reached) & ~public[protocol]
        is_local = any(addresses.covers(source, net) for net in local)
        name = "local network" if is_local else addresses.words(source, ways.version)
        if is_local:  # on a foreign network the neighbours are whom the firewall is for
            for each in reached:
                _decide(answer, each)
        found[protocol, name, ""] |= more
        doubtful = [each for each in reached if ports.is_wide(each.may & ~each.can)]
        if doubtful and answer.blocked:
            answer.openings_trouble = answer.openings_trouble or _undecided(doubtful[0])


def _from_ports(
    ways: _Ways, public: dict[Protocol, int], found: dict[tuple[str, str, str], int]
) -> None:
    """Whoever sends chooses the port to send from, so that it keeps nobody out."""
    for port, protocol in product(ways.source_ports()[:MOST_SOURCES], PROTOCOLS):
        packets = ways.packets(protocol, source_port=port)
        more = _open([reach(ways.ruleset, packet) for packet in packets]) & ~public[protocol]
        for server, client in DHCP:
            more &= ~(1 << client) if port == server else ports.ALL
        found[protocol, "any", f" from source port {port}"] |= more


def _listed(found: dict[tuple[str, str, str], int]) -> list[Opening]:
    openings: list[Opening] = []
    for (protocol, source, remark), there in found.items():
        for low, high in ports.ranges(there):
            words = f"{low}-{high}" if low != high else str(low)
            openings.append(Opening(protocol, low, words + remark, source))
    return sorted(openings)
