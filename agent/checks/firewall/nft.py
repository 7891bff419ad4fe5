"""What `nft -j list ruleset` prints, as tables; what it prints otherwise is Unparsable.

The form is described in libnftables-json(5). Two parts of it cannot be believed and are marked:
the flags of a table (`flagged`, `agent.checks.firewall.nft_text` reads them from the plain form)
and rules that iptables made (`lossy`, iptables-save shows them whole).
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from agent.checks.firewall.nft_match import Sets
from agent.checks.firewall.nft_rule import read_rule
from agent.checks.firewall.ruleset import Base, ChainKey, Rule, Table
from agent.host import Unparsable

FAMILIES = ("ip", "ip6", "inet", "netdev")
HOOKS = ("ingress", "prerouting", "input")
IPTABLES_TABLES = ("filter", "nat", "mangle", "raw", "security")
IPTABLES_CHAINS = ("INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING")
SURE_FLAGS = ("dormant", "owner", "persist")

Json = dict[str, Any]
TableKey = tuple[str, str]


@dataclass(slots=True)
class _Parts:
    """One table while its parts come in; they may come in any order."""

    flags: object = None
    names: list[str] = field(default_factory=list)
    bases: list[Base] = field(default_factory=list)
    rules: dict[str, list[list[Json]]] = field(default_factory=lambda: defaultdict(list))
    sets: Sets = field(default_factory=dict)


def parse_nft(text: str) -> tuple[Table, ...]:
    """Every table of the ruleset, in its order, with the chains that inbound packets enter.

    An empty tuple is "nft says there is no table". Raises Unparsable.
    """
    parts: dict[TableKey, _Parts] = defaultdict(_Parts)
    for entry in _entries(text):
        for kind, value in entry.items():
            if kind in _TAKE:
                if not isinstance(value, dict):
                    raise Unparsable(f"nft -j list ruleset: a {kind} is not an object")
                _take(parts, kind, value)
    return tuple(_table(key, found) for key, found in parts.items())


def _entries(text: str) -> list[Json]:
    try:
        dump = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise Unparsable("nft -j list ruleset did not print JSON") from error
    entries = dump.get("nftables") if isinstance(dump, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Unparsable("nft -j list ruleset printed JSON without a list of objects")
    return entries


def _take(parts: dict[TableKey, _Parts], kind: str, value: Json) -> None:
    family = _word(value, "family", kind)
    name = _word(value, "name" if kind == "table" else "table", kind)
    table = parts[family, name]
    if kind == "table":
        table.flags = value.get("flags")
    elif kind == "chain":
        table.names.append(_word(value, "name", kind))
        table.bases += _base(family, name, value)
    elif kind == "rule":
        rule = value.get("expr", [])
        if not isinstance(rule, list) or not all(isinstance(part, dict) for part in rule):
            raise Unparsable(f"nft -j list ruleset: a rule of table {family} {name} has no form")
        table.rules[_word(value, "chain", kind)].append(rule)
    else:
        table.sets[_word(value, "name", kind)] = value


_TAKE = ("table", "chain", "rule", "set", "map")


def _word(value: Json, key: str, kind: str) -> str:
    word = value.get(key)
    if not isinstance(word, str):
        raise Unparsable(f"nft -j list ruleset: a {kind} has no {key}")
    return word


def _base(family: str, table: str, chain: Json) -> list[Base]:
    """The chain as an entry into the rules, when inbound packets enter there to be filtered."""
    hook, kind, policy = chain.get("hook"), chain.get("type"), chain.get("policy", "accept")
    if hook not in HOOKS or kind == "nat" or family not in FAMILIES:
        return []
    if policy not in ("accept", "drop"):
        raise Unparsable(f"nft -j list ruleset: chain {chain['name']} has the policy {policy!r}")
    priority = chain.get("prio")
    key = (f"{family} {table}", str(chain["name"]))
    whole = priority if isinstance(priority, int) else None
    return [Base(key, family, hook, whole, policy, _devices(chain.get("dev")))]  # type: ignore[arg-type]


def _devices(named: object) -> tuple[str, ...] | None:
    if isinstance(named, str):
        return (named,)
    if isinstance(named, list) and named:
        return tuple(str(name) for name in named)
    return None


def _table(key: TableKey, parts: _Parts) -> Table:
    family, name = key
    label = f"{family} {name}"
    chains: dict[ChainKey, tuple[Rule, ...]] = {(label, chain): () for chain in parts.names}
    every = [part for rows in parts.rules.values() for row in rows for part in row]
    for chain, rows in parts.rules.items():
        if chain not in parts.names:
            raise Unparsable(f"nft -j list ruleset: a rule of {label} is in no chain: {chain}")
        chains[label, chain] = _rules(label, chain, rows, parts.sets)
    return Table(
        label,
        family,
        chains,
        tuple(parts.bases),
        "iptables" if _made_by_iptables(key, parts) else "nftables",
        lossy=any("xt" in part for part in every),
        grown=bool(parts.sets) or any(map(_asks_a_set, every)),
        untracks=any(map(_untracks, every)),
        flagged=parts.flags is not None,
        dormant=_dormant(parts.flags),
    )


def _asks_a_set(part: Json) -> bool:
    """nft's sets and maps: iptables has its own and shows a rule with these without them."""
    match = part.get("match")
    right = match.get("right") if isinstance(match, dict) else None
    named = isinstance(right, str) and right.startswith("@")
    return "vmap" in part or named or (isinstance(right, dict) and "set" in right)


def _untracks(part: Json) -> bool:
    xt = part.get("xt")
    return "notrack" in part or (isinstance(xt, dict) and xt.get("name") in ("CT", "NOTRACK"))


def _rules(label: str, chain: str, rows: list[list[Json]], sets: Sets) -> tuple[Rule, ...]:
    found: list[Rule] = []
    for number, row in enumerate(rows, 1):
        found += read_rule(row, sets, f"rule {number} of chain {chain} in table {label}")
    return tuple(found)


def _made_by_iptables(key: TableKey, parts: _Parts) -> bool:
    entries = {base.key[1] for base in parts.bases}
    return (
        key[0] in ("ip", "ip6")
        and key[1] in IPTABLES_TABLES
        and entries <= set(IPTABLES_CHAINS)
        and not set(IPTABLES_CHAINS).isdisjoint(parts.names)
    )


def _dormant(flags: object) -> bool | None:
    """None: the flags hold a word that nft 1.0.6 is known to take from wherever it points."""
    if flags is None:
        return False
    words = flags if isinstance(flags, list) else [flags]
    return "dormant" in words if all(word in SURE_FLAGS for word in words) else None
