"""What becomes of new inbound packets: one answer for an IP family, and the ports that are open.

A packet is sent from the public network, from every connected network and from every network
the rules name, to every own address the rules tell apart, by every interface, as TCP and UDP.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Literal

from agent.checks.firewall import addresses, ports
from agent.checks.firewall.addresses import Version
from agent.checks.firewall.interfaces import Interface
from agent.checks.firewall.packet import Packet, fits
from agent.checks.firewall.ports import Span
from agent.checks.firewall.ruleset import Match, Ruleset
from agent.checks.firewall.walk import Reach, reach
from agent.host import CannotTell, TooLarge, Unparsable

MOST_SOURCES = 32
MOST_STEPS = 60_000
"""How much may be looked at for the sources the rules name, for each protocol."""

MOST_LOOKS = 1_000_000
"""How much may be looked at altogether: rules and addresses, for every packet. Some seconds."""

Protocol = Literal["tcp", "udp"]
PROTOCOLS: tuple[Protocol, ...] = ("tcp", "udp")
LOCAL = "local network"
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


@dataclass
class _Ways:
    """Everything about the ruleset and the host that packets are made from."""

    ruleset: Ruleset
    version: Version
    interfaces: tuple[Interface, ...]
    terms: list[Match]
    looks: int = 0

    def reached(
        self, protocol: Protocol, source: Span | None = None, source_port: int | None = None
    ) -> list[Reach]:
        """By every way in. Raises TooLarge when that is more than can be looked at."""
        self.looks += len(self.ways_in) * self.size
        if self.looks > MOST_LOOKS:
            raise TooLarge(f"{len(self.ways_in)} ways in through a ruleset of {self.size} parts")
        return [
            reach(self.ruleset, Packet(self.version, protocol, name, source, own, source_port))
            for name, own in self.ways_in
        ]

    @cached_property
    def size(self) -> int:
        return self.ruleset.size()

    @cached_property
    def ways_in(self) -> list[tuple[str | None, int | None]]:
        """One interface of every kind that the rules tell apart, and one own address of every."""
        alike = _alike(self.ruleset, self.terms, self.interfaces)
        return [(kind.name, own) for kind in alike for own in self._destinations(kind)]

    def _destinations(self, interface: Interface) -> list[int | None]:
        kinds: dict[tuple[bool, ...], int | None] = {}
        spans = [span for term in self.terms if term.field == "daddr" for span in term.spans]
        for own in interface.own(self.version):
            kinds.setdefault(tuple(low <= own <= high for low, high in spans), own)
        return list(kinds.values()) or [None]

    def local(self) -> list[Span]:
        return [net for interface in self.interfaces for net in interface.networks(self.version)]

    def neighbours(self) -> list[Span]:
        """One connected network of every kind that the rules tell apart."""
        spans = {span for term in self.terms if term.field == "saddr" for span in term.spans}
        kinds: dict[frozenset[Span], Span] = {}
        for network in self.local():
            met = frozenset(span for span in spans if addresses.shared(span, network))
            kinds.setdefault(met, network)
        return list(kinds.values())

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


def _alike(
    ruleset: Ruleset, terms: list[Match], interfaces: tuple[Interface, ...]
) -> list[Interface]:
    """Interfaces that no rule tells apart count as one, with the addresses of all of them."""
    named = {name for term in terms if term.field == "interface" for name in term.names}
    named |= {name for base, _ in ruleset.bases for name in base.devices or ()}
    kinds: dict[frozenset[str] | None, Interface] = {}
    for one in interfaces:
        told = None if one.name is None else frozenset(n for n in named if fits(n, one.name))
        first = kinds.get(told, Interface(one.name))
        kinds[told] = replace(first, addresses=(*first.addresses, *one.addresses))
    return list(kinds.values())


def inbound(ruleset: Ruleset, version: Version, interfaces: tuple[Interface, ...]) -> Inbound:
    """Send every kind of packet and put together what became of them."""
    ways = _Ways(ruleset, version, interfaces, ruleset.terms())
    answer = Inbound()
    public: dict[Protocol, int] = {}
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    try:
        for protocol in PROTOCOLS:
            reached = ways.reached(protocol)
            for each in reached:
                _decide(answer, each)
            public[protocol] = found[protocol, "any", ""] = _open(reached)
        _from_local(ways, answer, public, found)
    except TooLarge as trouble:
        if answer.blocked is not False:
            answer.blocked, answer.trouble = None, trouble
        answer.openings_trouble = trouble
    else:
        _from_elsewhere(ways, answer, public, found)
    answer.openings = _listed(found)
    return answer


def _from_elsewhere(
    ways: _Ways,
    answer: Inbound,
    public: dict[Protocol, int],
    found: dict[tuple[str, str, str], int],
) -> None:
    """These add openings and change nothing else."""
    try:
        _from_networks(ways, answer, public, found)
        _from_ports(ways, public, found)
    except TooLarge as trouble:
        answer.openings_trouble = answer.openings_trouble or trouble


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


def _from_local(
    ways: _Ways,
    answer: Inbound,
    public: dict[Protocol, int],
    found: dict[tuple[str, str, str], int],
) -> None:
    """On a foreign network the neighbours are whom the firewall is for."""
    for source, protocol in product(ways.neighbours(), PROTOCOLS):
        reached = ways.reached(protocol, source)
        for each in reached:
            _decide(answer, each)
        _note(answer, reached)
        found[protocol, LOCAL, ""] |= _open(reached) & ~public[protocol]


def _from_networks(
    ways: _Ways,
    answer: Inbound,
    public: dict[Protocol, int],
    found: dict[tuple[str, str, str], int],
) -> None:
    local, named = ways.local(), ways.sources()
    most = min(MOST_SOURCES, MOST_STEPS // max(1, 2 * ways.size))
    if len(named) > most:
        answer.openings_trouble = TooLarge(f"the rules name {len(named)} networks")
    for source, protocol in product(named[:most], PROTOCOLS):
        reached = ways.reached(protocol, source)
        is_local = any(addresses.covers(source, net) for net in local)
        if is_local:
            for each in reached:
                _decide(answer, each)
        name = LOCAL if is_local else addresses.words(source, ways.version)
        found[protocol, name, ""] |= _open(reached) & ~public[protocol]
        _note(answer, reached)


def _note(answer: Inbound, reached: list[Reach]) -> None:
    doubtful = [each for each in reached if ports.is_wide(each.may & ~each.can)]
    if doubtful and answer.blocked:
        answer.openings_trouble = answer.openings_trouble or _undecided(doubtful[0])


def _from_ports(
    ways: _Ways, public: dict[Protocol, int], found: dict[tuple[str, str, str], int]
) -> None:
    """Whoever sends chooses the port to send from, so that it keeps nobody out."""
    for port, protocol in product(ways.source_ports()[:MOST_SOURCES], PROTOCOLS):
        more = _open(ways.reached(protocol, source_port=port)) & ~public[protocol]
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
