"""One form for every kind of loaded ruleset: tables, base chains, chains, rules, matches."""

from dataclasses import dataclass
from typing import Literal

from agent.checks.firewall.ports import Span

Family = Literal["ip", "ip6", "inet", "netdev"]
Hook = Literal["ingress", "prerouting", "input"]
Field = Literal[
    "interface",  # names, a trailing "*" stands for anything
    "family",  # "ip", "ip6", "arp"
    "l4proto",  # "tcp", "udp", "icmp", ...
    "saddr",  # spans of addresses as integers
    "daddr",
    "sport",  # spans of ports
    "dport",
    "state",  # connection tracking: "new", "established", ...
    "daddr_type",  # "local", "unicast", "multicast", ...
    "saddr_type",
    "pkttype",
    "tcp_flags",  # one span: (mask, value)
    "yes",
    "no",
    "unsure",  # what the match asks is not understood, or not known
    "choice",  # whoever sends decides (rate limits)
    "avoidable",  # an ordinary packet does not match, an odd one may
]
Action = Literal["accept", "drop", "return", "jump", "goto", "opaque"]

DNAT = "dnat"
"""The `target` of an opaque rule that sends the packet to another host."""

ChainKey = tuple[str, str]
"""The table as it is named in explanations ("inet filter"), and the chain's name."""


@dataclass(frozen=True, slots=True)
class Match:
    """One condition on a packet; it holds when any of the names or spans fits."""

    field: Field
    names: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    negated: bool = False
    wide: bool = False
    """The addresses are so many that whoever attacks has one of them."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when every term of any alternative does (a set of joined keys)."""

    alternatives: tuple[tuple["Term", ...], ...]
    negated: bool = False


Term = Match | AnyOf


@dataclass(frozen=True, slots=True)
class Rule:
    """`words` is what a person looks for to find the rule again."""

    terms: tuple[Term, ...]
    action: Action
    target: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Base:
    """Where the kernel enters the rules. `devices` matters for ingress; None is "not known"."""

    key: ChainKey
    family: Family
    hook: Hook
    priority: int | None
    policy: Literal["accept", "drop"]
    devices: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table and where it came from. `bases` are only those that inbound packets enter.

    `lossy`: the source leaves out parts of its rules. `grown`: it holds what iptables never makes.
    `untracks`: a rule takes packets out of connection tracking. `flagged`: the source says that
    it has flags and not reliably which.
    """

    name: str
    family: str
    chains: dict[ChainKey, tuple[Rule, ...]]
    bases: tuple[Base, ...]
    origin: Literal["nftables", "iptables", "legacy"]
    lossy: bool = False
    grown: bool = False
    untracks: bool = False
    flagged: bool = False
    dormant: bool | None = False


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All tables a packet has to pass."""

    tables: tuple[Table, ...] = ()

    @property
    def bases(self) -> list[tuple[Base, Table]]:
        return [(base, table) for table in self.tables for base in table.bases]

    def terms(self) -> list[Match]:
        """Every single match anywhere, in order."""
        rules = (rule for table in self.tables for rows in table.chains.values() for rule in rows)
        return [match for rule in rules for match in _flat(rule.terms)]

    def size(self) -> int:
        """How many rules there are, and how many addresses and ports they name."""
        rules = sum(len(rows) for table in self.tables for rows in table.chains.values())
        return rules + sum(max(0, len(match.spans) - 1) for match in self.terms())


def _flat(terms: tuple[Term, ...]) -> list[Match]:
    found: list[Match] = []
    for term in terms:
        if isinstance(term, Match):
            found.append(term)
        else:
            for alternative in term.alternatives:
                found.extend(_flat(alternative))
    return found
