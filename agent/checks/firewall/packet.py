"""Whether a packet nobody asked for matches: yes, no or not known, for every port at once."""

from dataclasses import dataclass
from functools import reduce
from typing import Literal

from agent.checks.firewall import addresses, ports
from agent.checks.firewall.addresses import Version
from agent.checks.firewall.ports import ALL, NONE, Span
from agent.checks.firewall.ruleset import AnyOf, Match, Term

Tracking = Literal["tracked", "perhaps", "untracked", "unsure"]
"""What a packet's state reads: "new"; "new" unless a rule has it not tracked; "invalid"; any."""


@dataclass(frozen=True, slots=True)
class Truth:
    """For which ports a match may hold, may fail, and can surely be made to hold or to fail.

    What a sender decides (how fast it sends) is both `can` and `can_not`; what we do not
    understand is neither, and still both `may` and `may_not`.
    """

    may: int
    may_not: int
    can: int
    can_not: int

    def inverted(self) -> "Truth":
        return Truth(self.may_not, self.may, self.can_not, self.can)

    def both(self, other: "Truth") -> "Truth":
        return Truth(
            self.may & other.may,
            self.may_not | other.may_not,
            self.can & other.can,
            self.can_not | other.can_not,
        )

    def either(self, other: "Truth") -> "Truth":
        return self.inverted().both(other.inverted()).inverted()


YES = Truth(ALL, NONE, ALL, NONE)
NO = Truth(NONE, ALL, NONE, ALL)
UNSURE = Truth(ALL, ALL, NONE, NONE)
CHOICE = Truth(ALL, ALL, ALL, ALL)
AVOIDABLE = Truth(ALL, ALL, NONE, ALL)


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a new connection to an own, unicast address of this host.

    `interface` None: no name is known. `source` None: anywhere on the public network.
    `source_port` None: any, as an ordinary sender has it. `destination` None: not known.
    """

    version: Version
    protocol: Literal["tcp", "udp"]
    interface: str | None = None
    source: Span | None = None
    destination: int | None = None
    source_port: int | None = None


def truth(terms: tuple[Term, ...], packet: Packet, tracking: Tracking) -> Truth:
    """Whether all terms hold."""
    held = YES
    for term in terms:
        one = _term(term, packet, tracking)
        held = one if held is YES else held.both(one)
        if not held.may:
            return NO
    return held


def _term(term: Term, packet: Packet, tracking: Tracking) -> Truth:
    if isinstance(term, AnyOf):
        each = (truth(alternative, packet, tracking) for alternative in term.alternatives)
        found = reduce(Truth.either, each, NO)
    else:
        found = _match(term, packet, tracking)
    return found.inverted() if term.negated else found


def _match(match: Match, packet: Packet, tracking: Tracking) -> Truth:
    match match.field:
        case "yes" | "no" | "unsure" | "choice" | "avoidable":
            return _CONSTANT[match.field]
        case "interface":
            return _interface(match.names, packet.interface)
        case "family":
            return _among("ip" if packet.version == 4 else "ip6", match.names)
        case "l4proto":
            return _among(packet.protocol, match.names)
        case "state":
            return _state(match.names, tracking)
        case "daddr_type" | "saddr_type" | "pkttype":
            return _kind(match)
        case "tcp_flags":
            return YES if all(_SYN & mask == wanted for mask, wanted in match.spans) else NO
        case _:
            return _number(match, packet)


_CONSTANT = {"yes": YES, "no": NO, "unsure": UNSURE, "choice": CHOICE, "avoidable": AVOIDABLE}
_SYN = 0x02
_OWN = {"daddr_type": {"local"}, "saddr_type": {"unicast"}, "pkttype": {"host", "unicast"}}


def _among(name: str, names: tuple[str, ...]) -> Truth:
    return YES if name in names else NO


def _kind(match: Match) -> Truth:
    return YES if _OWN[match.field] & set(match.names) else NO


def _number(match: Match, packet: Packet) -> Truth:
    if match.field == "dport":
        there = ports.of(match.spans)
        return Truth(there, ALL ^ there, there, ALL ^ there)
    if match.field == "sport":
        return _source_port(match.spans, packet.source_port)
    if match.field == "saddr":
        return _source(match, packet)
    return _destination(match, packet)


def _interface(names: tuple[str, ...], interface: str | None) -> Truth:
    if interface is None:
        return NO if set(names) <= {"lo"} else UNSURE
    return YES if any(fits(name, interface) for name in names) else NO


def fits(name: str, interface: str) -> bool:
    """Whether an interface is meant by a name in a rule; a trailing "*" stands for anything."""
    return interface.startswith(name[:-1]) if name.endswith("*") else interface == name


def _state(names: tuple[str, ...], tracking: Tracking) -> Truth:
    """Before connection tracking has seen a packet, its state reads "invalid" (nft_ct.c)."""
    if tracking == "unsure":
        return UNSURE
    if tracking == "perhaps":
        told = _among("new", names), _among("untracked", names)
        return told[0] if told[0] is told[1] else UNSURE
    return _among("invalid" if tracking == "untracked" else "new", names)


def _source_port(spans: tuple[Span, ...], port: int | None) -> Truth:
    if port is None:
        return YES if ports.is_wide(ports.of(spans)) else NO
    return YES if any(low <= port <= high for low, high in spans) else NO


def _source(match: Match, packet: Packet) -> Truth:
    """A network is taken to match when most of it does."""
    source = packet.source
    if source is None:
        last = (1 << (32 if packet.version == 4 else 128)) - 1
        if any(low == 0 and high == last for low, high in match.spans):
            return YES
        return CHOICE if match.wide else NO
    inside = sum(addresses.shared(there, source) for there in match.spans)
    return YES if 2 * inside > source[1] - source[0] + 1 else NO


def _destination(match: Match, packet: Packet) -> Truth:
    own = packet.destination
    if own is not None:
        return YES if any(low <= own <= high for low, high in match.spans) else NO
    version = packet.version
    return NO if all(addresses.is_multicast(s, version) for s in match.spans) else UNSURE
