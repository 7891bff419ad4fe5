"""One rule of nft's JSON as rules of ours: its statements in order, up to its end."""

from typing import Any

from agent.checks.firewall.nft_match import Sets, Unclear, elements, holds, needed, read_match
from agent.checks.firewall.ruleset import DNAT, Action, Match, Rule, Term

PASSIVE = frozenset(
    (
        *("counter", "log", "comment", "mangle", "notrack", "flow", "dup", "tproxy", "secmark"),
        *("last", "map", "continue", "ct helper", "ct timeout", "ct expectation"),
    )
)
"""Statements that neither match nor end a rule."""

RATES = frozenset(("limit", "ct count", "quota"))
XT_PASSIVE = frozenset(
    (
        *("LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "CT", "NOTRACK"),
        *("TCPMSS", "TOS", "DSCP", "SET", "AUDIT", "TRACE", "CLASSIFY"),
        *("CHECKSUM", "TTL", "HL", "TEE", "SECMARK"),
        *("CONNSECMARK", "RATEEST", "IDLETIMER", "LED", "HMARK", "TCPOPTSTRIP"),
        *("NETMAP",),
    )
)
SIMPLE: dict[str, Action] = {"accept": "accept", "drop": "drop", "return": "return"}
MOST_ELEMENTS = 20_000


def read_rule(parts: list[dict[str, Any]], sets: Sets, words: str) -> list[Rule]:
    """The rule, or several when it ends in a map (vmap); none when it decides nothing."""
    terms: list[Term] = []
    for part in parts:
        for kind, value in part.items():
            found = _ending(kind, value, terms, sets, words)
            if found is not None:
                return found
            terms += _condition(kind, value, sets)
    return []


def _condition(kind: str, value: Any, sets: Sets) -> tuple[Term, ...]:
    """What a statement that ends nothing asks of the packet."""
    if kind == "match":
        return read_match(value, sets)
    if kind in RATES or (kind == "set" and isinstance(value, dict) and "stmt" in value):
        return (Match("choice"),)
    if kind == "set" and isinstance(value, dict):
        return ()
    passive_xt = kind == "xt" and isinstance(value, dict) and value.get("name") in XT_PASSIVE
    return () if kind in PASSIVE or passive_xt else (Match("unsure"),)


def _ending(kind: str, value: Any, terms: list[Term], sets: Sets, words: str) -> list[Rule] | None:
    """The rules this statement makes of the terms before it; None when it ends nothing."""
    if kind in SIMPLE:
        return [Rule(tuple(terms), SIMPLE[kind], words=words)]
    if kind in ("jump", "goto"):
        return [_leading(kind, value, tuple(terms), words)]
    if kind == "reject":
        return [Rule((*terms, *_reject(value)), "drop", words=words)]
    if kind == "vmap":
        return _map(value, tuple(terms), sets, words)
    if kind == "dnat":
        return [Rule(tuple(terms), "opaque", DNAT, words)]
    if kind in ("queue", "fwd", "synproxy") or _is_target(kind, value):
        return [Rule(tuple(terms), "opaque", words=words)]
    return None


def _is_target(kind: str, value: Any) -> bool:
    if kind != "xt" or not isinstance(value, dict):
        return False
    return value.get("type") == "target" and value.get("name") not in XT_PASSIVE


def _leading(kind: str, value: Any, terms: tuple[Term, ...], words: str) -> Rule:
    target = value.get("target") if isinstance(value, dict) else None
    if not isinstance(target, str):
        return Rule(terms, "opaque", words=words)
    return Rule(terms, "jump" if kind == "jump" else "goto", target, words)


def _reject(value: Any) -> tuple[Term, ...]:
    """nft leaves out the family or protocol that the kind of refusal depends on."""
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "icmp":
        return (Match("family", ("ip",)),)
    if kind == "icmpv6":
        return (Match("family", ("ip6",)),)
    return (Match("l4proto", ("tcp",)),) if kind == "tcp reset" else ()


def _map(value: Any, terms: tuple[Term, ...], sets: Sets, words: str) -> list[Rule]:
    """A map to ends (vmap): one rule an element, the catch-all last."""
    try:
        pairs = _pairs(value, sets)
    except Unclear:
        return [Rule(terms, "opaque", words=words)]
    rules: list[Rule] = []
    for key, end in sorted(pairs, key=lambda pair: pair[0] == "*"):
        fits = needed(value["key"]) if key == "*" else holds(value["key"], [key])
        inner = [part for part in end.items() if part[0] != "continue"]
        for kind, target in inner:
            found = _ending(kind, target, [*terms, *fits], {}, words)
            rules += found or [Rule((*terms, *fits), "opaque", words=words)]
    return rules


def _pairs(value: Any, sets: Sets) -> list[tuple[Any, dict[str, Any]]]:
    if not isinstance(value, dict) or "key" not in value:
        raise Unclear
    pairs: list[tuple[Any, dict[str, Any]]] = []
    for element in elements(value.get("data"), sets):
        if not isinstance(element, list) or len(element) != 2 or not isinstance(element[1], dict):
            raise Unclear
        key = element[0]
        inner = key.get("elem") if isinstance(key, dict) else None
        pairs.append((inner.get("val") if isinstance(inner, dict) else key, element[1]))
    if len(pairs) > MOST_ELEMENTS:
        raise Unclear
    return pairs
