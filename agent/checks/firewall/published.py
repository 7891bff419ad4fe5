"""Ports that are passed on to containers and virtual machines before any input rule is asked.

`docker run -p` and its like write DNAT rules (nat table, prerouting): the packet is then forwarded
and never an inbound one, so a firewall that refuses everything inbound does not refuse it. They
are openings beside the verdict, which is about this host.
"""

from collections.abc import Iterable

from agent.checks.firewall import ports
from agent.checks.firewall.addresses import Version
from agent.checks.firewall.inbound import PROTOCOLS, Opening
from agent.checks.firewall.packet import Packet, truth
from agent.checks.firewall.ruleset import DNAT, Match, Rule, Table, Term

FAMILIES: dict[Version, tuple[str, ...]] = {4: ("ip", "inet"), 6: ("ip6", "inet")}
LOOPBACK: dict[Version, tuple[int, int]] = {4: (127 << 24, (128 << 24) - 1), 6: (1, 1)}
SOURCE = "any, passed on"


def published(tables: Iterable[Table], version: Version) -> list[Opening]:
    """Those whose rules name their ports; a rule that is only reached by others' does not."""
    rules = [
        rule
        for table in tables
        if table.family in FAMILIES[version] and not table.dormant
        for rows in table.chains.values()
        for rule in rows
        if rule.target == DNAT and not _for_this_host_only(rule, version)
    ]
    found = []
    for protocol in PROTOCOLS:
        there = ports.NONE
        for rule in rules:
            may = truth(rule.terms, Packet(version, protocol), "tracked").may
            there |= ports.NONE if ports.is_wide(may) else may
        for low, high in ports.ranges(there):
            words = f"{low}-{high}" if low != high else str(low)
            found.append(Opening(protocol, low, words, SOURCE))
    return sorted(found)


def _for_this_host_only(rule: Rule, version: Version) -> bool:
    return any(_is_loopback(term, version) for term in rule.terms)


def _is_loopback(term: Term, version: Version) -> bool:
    """`docker run -p 127.0.0.1:8080:80`."""
    if not isinstance(term, Match) or term.field != "daddr" or term.negated:
        return False
    first, last = LOOPBACK[version]
    return all(first <= low and high <= last for low, high in term.spans)
