"""What `iptables-save` and `ip6tables-save` print, as tables; the grammar is iptables(8)'s own."""

import re
import shlex
from dataclasses import dataclass, field
from typing import Literal

from agent.checks.firewall.addresses import Version
from agent.checks.firewall.iptables_match import read_options
from agent.checks.firewall.ruleset import DNAT, Action, Base, ChainKey, Hook, Rule, Table
from agent.host import Unparsable

ENTRIES: dict[tuple[str, str], tuple[Hook, int]] = {
    ("raw", "PREROUTING"): ("prerouting", -300),
    ("mangle", "PREROUTING"): ("prerouting", -150),
    ("mangle", "INPUT"): ("input", -150),
    ("filter", "INPUT"): ("input", 0),
    ("security", "INPUT"): ("input", 50),
}
"""Where the kernel enters the built-in chains, and its priorities (netfilter_ipv4.h)."""

PASSIVE = frozenset(
    (
        *("LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "CT", "NOTRACK"),
        *("TCPMSS", "TOS", "DSCP", "SET", "AUDIT", "TRACE", "CLASSIFY"),
        *("CHECKSUM", "TTL", "HL", "TEE", "SECMARK", "CONNSECMARK"),
        *("RATEEST", "IDLETIMER", "LED", "HMARK", "TCPOPTSTRIP", "ECN"),
    )
)
"""Targets after which the next rule is looked at."""

VERDICTS: dict[str, Action] = {
    "ACCEPT": "accept",
    "DROP": "drop",
    "REJECT": "drop",
    "RETURN": "return",
}
_CHAIN = re.compile(r":(\S+) (\S+)")
_COUNTERS = re.compile(r"\[\d+:\d+\] ")


@dataclass(slots=True)
class _Parts:
    name: str
    policies: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)


def parse_iptables_save(
    text: str, version: Version, origin: Literal["iptables", "legacy"] = "iptables"
) -> tuple[Table, ...]:
    """Every table it lists. Raises Unparsable for what is no such listing, or is cut short."""
    tables: list[Table] = []
    parts: _Parts | None = None
    for line in (_COUNTERS.sub("", line.strip(), count=1) for line in text.splitlines()):
        if line.startswith("*"):
            _closed(parts, line)
            parts = _Parts(line[1:])
        elif line == "COMMIT" and parts is not None:
            tables.append(_table(parts, version, origin))
            parts = None
        elif line and not line.startswith("#"):
            _take(parts, line)
    _closed(parts, "the end")
    return tuple(tables)


def _closed(parts: _Parts | None, before: str) -> None:
    if parts is not None:
        raise Unparsable(f"iptables-save: table {parts.name} has no COMMIT before {before}")


def _take(parts: _Parts | None, line: str) -> None:
    chain = _CHAIN.match(line)
    if parts is not None and chain:
        parts.policies[chain[1]] = chain[2]
        parts.lines.setdefault(chain[1], [])
        return
    words = line.split(maxsplit=2)
    if parts is None or words[0] != "-A" or len(words) < 2 or words[1] not in parts.lines:
        raise Unparsable(f"iptables-save printed a line that is no rule: {line}")
    parts.lines[words[1]].append(line)


def _table(parts: _Parts, version: Version, origin: Literal["iptables", "legacy"]) -> Table:
    label = f"{'ip' if version == 4 else 'ip6'} {parts.name}"
    chains: dict[ChainKey, tuple[Rule, ...]] = {
        (label, chain): _rules(lines, version, parts) for chain, lines in parts.lines.items()
    }
    bases = tuple(_bases(parts, label, version))
    rows = [line for lines in parts.lines.values() for line in lines]
    untracks = any(line.endswith(("-j NOTRACK", "-j CT --notrack")) for line in rows)
    family = "ip" if version == 4 else "ip6"
    return Table(label, family, chains, bases, origin, untracks=untracks)


def _bases(parts: _Parts, label: str, version: Version) -> list[Base]:
    found: list[Base] = []
    for chain, policy in parts.policies.items():
        entry = ENTRIES.get((parts.name, chain))
        if entry is None:
            continue
        if policy not in ("ACCEPT", "DROP"):
            raise Unparsable(f"iptables-save: chain {chain} has the policy {policy}")
        ends: Literal["accept", "drop"] = "accept" if policy == "ACCEPT" else "drop"
        family: Literal["ip", "ip6"] = "ip" if version == 4 else "ip6"
        found.append(Base((label, chain), family, *entry, ends))
    return found


def _rules(lines: list[str], version: Version, parts: _Parts) -> tuple[Rule, ...]:
    """The rules that decide something; one that only logs or marks is left out."""
    rules = (_rule(line, version, parts) for line in lines)
    return tuple(rule for rule in rules if rule is not None)


def _rule(line: str, version: Version, parts: _Parts) -> Rule | None:
    words = f"{line} (table {'ip' if version == 4 else 'ip6'} {parts.name})"
    try:
        options = shlex.split(line) if '"' in line else line.split()
    except ValueError as error:
        raise Unparsable(f"iptables-save printed a rule with an open quote: {line}") from error
    read = read_options(options[2:], version)
    if read.target in parts.lines:
        return Rule(read.terms, "goto" if read.goto else "jump", read.target, words)
    if not read.target or read.target in PASSIVE:
        return None
    target = DNAT if read.target == "DNAT" else ""
    return Rule(read.terms, VERDICTS.get(read.target, "opaque"), target, words)
