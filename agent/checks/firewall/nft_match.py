"""One match of nft's JSON as terms of ours; what is not understood becomes "unsure"."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agent.checks.firewall import addresses
from agent.checks.firewall.ports import Span
from agent.checks.firewall.ruleset import AnyOf, Field, Match, Term

Sets = dict[str, dict[str, Any]]
"""The set and map objects of one table, by name."""

UNSURE = (Match("unsure"),)
L4_NUMBERS = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp"}
NEITHER = ("icmp", "icmpv6", "igmp", "esp", "ah", "comp", "sctp", "dccp", "udplite")
"""Protocols beside TCP and UDP."""
TCP_BITS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}
ODD_FIELDS = ("length", "dscp", "ecn", "id", "frag-off", "tos", "window", "urgptr", "checksum")
META: dict[str, Field] = {
    "iifname": "interface",
    "iif": "interface",
    "nfproto": "family",
    "protocol": "family",
    "l4proto": "l4proto",
    "pkttype": "pkttype",
}
FAMILY_NAMES = {"ipv4": "ip", "ipv6": "ip6"}
LAST = {"sport": 65535, "dport": 65535}


class Unclear(Exception):
    """This part of a rule is not understood."""


def read_match(value: Any, sets: Sets) -> tuple[Term, ...]:
    """The terms of ``{"op", "left", "right"}``; never raises."""
    try:
        return _match(value, sets)
    except (Unclear, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return UNSURE


def _match(value: dict[str, Any], sets: Sets) -> tuple[Term, ...]:
    left, right, op = value["left"], value["right"], value["op"]
    if isinstance(left, dict) and _is_flags(left):
        return (Match("l4proto", ("tcp",)), _flags(left, right, op))
    if op in ("<", "<=", ">", ">="):
        return _compared(left, right, op)
    if op not in ("==", "in", "!="):
        raise Unclear
    wanted = elements(right, sets)
    if op != "!=":
        return (Match("no"),) if wanted == [] and isinstance(right, str) else holds(left, wanted)
    if wanted == [] and isinstance(right, str):
        return (*needed(left), Match("yes"))
    *others, last = holds(left, wanted)
    if "concat" in left:
        others = needed(left)
    return (*others, replace(last, negated=not last.negated))


def needed(left: Any) -> list[Term]:
    """What the left side needs to exist, whatever it is compared with: nft leaves it out."""
    found: list[Term] = []
    for key in left.get("concat", [left]):
        protocol = key.get("payload", {}).get("protocol", "th")
        if protocol in ("ip", "ip6"):
            found.append(Match("family", (protocol,)))
        elif protocol in NEITHER:
            found.append(Match("no"))
        elif protocol != "th":
            found.append(Match("l4proto", (protocol,)) if protocol in ("tcp", "udp") else UNSURE[0])
    return found


def elements(value: Any, sets: Sets) -> list[Any]:
    """The single elements of a right-hand side: a scalar, a list, a set, or a set's name.

    Raises Unclear for a name that no set of the table has.
    """
    if isinstance(value, str) and value.startswith("@"):
        found = sets.get(value[1:])
        if found is None:
            raise Unclear
        value = found.get("elem", [])
    if isinstance(value, dict) and "set" in value:
        value = value["set"]
        if isinstance(value, str):
            return elements(value, sets)
    if not isinstance(value, list):
        value = [value]
    return [_bare(element) for element in value]


def _bare(element: Any) -> Any:
    """An element without its time-out, counter or comment."""
    inner = element.get("elem") if isinstance(element, dict) else None
    return inner["val"] if isinstance(inner, dict) and "val" in inner else element


def holds(left: Any, wanted: list[Any]) -> tuple[Term, ...]:
    """The terms of "left is one of wanted": what left needs to exist first, the rest last."""
    if not isinstance(left, dict):
        return UNSURE
    try:
        if "*" in [element for element in wanted if isinstance(element, str)]:
            return (*needed(left), Match("yes"))
        if "concat" in left:
            return _joined(left["concat"], wanted)
        kind, key = next(iter(left.items()))
        return _READ[kind](key, wanted)
    except (Unclear, ValueError, TypeError, LookupError, AttributeError, StopIteration):
        return UNSURE


def _joined(keys: list[Any], wanted: list[Any]) -> tuple[Term, ...]:
    """Keys joined with "." against elements joined likewise."""
    alternatives = []
    for element in wanted:
        values = element["concat"]
        if len(values) != len(keys):
            raise Unclear
        terms = (holds(key, [_bare(v)]) for key, v in zip(keys, values, strict=True))
        alternatives.append(tuple(term for some in terms for term in some))
    return (AnyOf(tuple(alternatives)),)


def _meta(key: dict[str, Any], wanted: list[Any]) -> tuple[Term, ...]:
    field = META.get(key["key"])
    if key["key"] in ("ipsec", "secpath"):
        return (Match("no" if _truthy(wanted) else "yes"),)
    if field is None:
        raise Unclear
    if field == "l4proto":
        return (Match(field, tuple(_protocol(value) for value in wanted)),)
    names = tuple(FAMILY_NAMES.get(name, name) for name in wanted)
    if not all(isinstance(name, str) for name in names):
        raise Unclear
    return (Match(field, names),)


def _protocol(value: Any) -> str:
    if isinstance(value, int):
        return L4_NUMBERS.get(value, str(value))
    if isinstance(value, str):
        return value
    raise Unclear


def _payload(key: dict[str, Any], wanted: list[Any]) -> tuple[Term, ...]:
    protocol, field = key["protocol"], key["field"]
    if protocol in NEITHER:
        return (Match("no"), Match("yes"))
    if protocol in ("tcp", "udp", "th"):
        needed = () if protocol == "th" else (Match("l4proto", (protocol,)),)
        return (*needed, _transport(field, wanted))
    if protocol in ("ip", "ip6"):
        return (Match("family", (protocol,)), _network(protocol, field, wanted))
    raise Unclear


def _transport(field: str, wanted: list[Any]) -> Term:
    if field in ("sport", "dport"):
        spans = tuple(_port_span(value) for value in wanted)
        return Match("sport" if field == "sport" else "dport", spans=spans)
    return Match("avoidable" if field in ODD_FIELDS else "unsure")


def _network(protocol: str, field: str, wanted: list[Any]) -> Term:
    if field in ("saddr", "daddr"):
        spans = tuple(_address_span(value) for value in wanted)
        wide = addresses.is_wide(spans, 4 if protocol == "ip" else 6)
        return Match("saddr" if field == "saddr" else "daddr", spans=spans, wide=wide)
    if field in ("protocol", "nexthdr"):
        return Match("l4proto", tuple(_protocol(value) for value in wanted))
    return Match("avoidable" if field in ODD_FIELDS else "unsure")


def _port_span(value: Any) -> Span:
    low, high = value["range"] if isinstance(value, dict) else (value, value)
    if not isinstance(low, int) or not isinstance(high, int) or not 0 <= low <= high <= 65535:
        raise Unclear
    return low, high


def _address_span(value: Any) -> Span:
    if isinstance(value, str):
        return addresses.span(value)
    if "prefix" in value:
        return addresses.span(f"{value['prefix']['addr']}/{value['prefix']['len']}")
    return addresses.span("-".join(value["range"]))


def _conntrack(key: dict[str, Any], wanted: list[Any]) -> tuple[Term, ...]:
    names = tuple(str(name) for name in wanted)
    if key["key"] == "state":
        return (Match("state", names),)
    if key["key"] == "status" and names == ("dnat",):
        return (Match("no"),)
    if key["key"] == "direction":
        return (Match("yes" if "original" in names else "no"),)
    raise Unclear


def _fib(key: dict[str, Any], wanted: list[Any]) -> tuple[Term, ...]:
    """Types of address, or the check that answers to the source would leave by the same way."""
    flags = key["flags"]
    if key["result"] == "type":
        field: Field = "daddr_type" if "daddr" in flags else "saddr_type"
        return (Match(field, tuple(str(name) for name in wanted)),)
    if key["result"] in ("oif", "oifname") and "saddr" in flags:
        return (Match("avoidable", negated=_truthy(wanted)),)
    raise Unclear


def _truthy(wanted: list[Any]) -> bool:
    """True for "exists", False for "missing", however it is written."""
    if len(wanted) != 1 or wanted[0] not in (True, False, "0", "1"):
        raise Unclear
    return wanted[0] in (True, "1")


def _extension(_key: Any, _wanted: list[Any]) -> tuple[Term, ...]:
    return (Match("avoidable"),)


_READ: dict[str, Callable[[Any, list[Any]], tuple[Term, ...]]] = {
    "meta": _meta,
    "payload": _payload,
    "ct": _conntrack,
    "fib": _fib,
    "exthdr": _extension,
    "tcp option": _extension,
    "ip option": _extension,
}


def _compared(left: Any, right: Any, op: str) -> tuple[Term, ...]:
    """An order, for ports only: "dport < 1024"."""
    last = LAST[left["payload"]["field"]]
    if not isinstance(right, int):
        raise Unclear
    low, high = {
        "<": (0, right - 1),
        "<=": (0, right),
        ">": (right + 1, last),
        ">=": (right, last),
    }[op]
    return holds(left, [{"range": [low, high]}] if low <= high else [])


def _is_flags(left: dict[str, Any]) -> bool:
    masked = left.get("&")
    inner = masked[0] if isinstance(masked, list) else left
    payload = inner.get("payload", {}) if isinstance(inner, dict) else {}
    return payload.get("protocol") == "tcp" and payload.get("field") == "flags"


def _flags(left: dict[str, Any], right: Any, op: str) -> Term:
    """nft's bit tests: "in" is any of, "!" is none of, "==" is exactly (below a mask)."""
    bits = _bits(right)
    if op in ("in", "!"):
        return Match("tcp_flags", spans=((bits, 0),), negated=op == "in")
    if op not in ("==", "!="):
        raise Unclear
    mask = _bits(left["&"][1]) if "&" in left else 255
    return Match("tcp_flags", spans=((mask, bits),), negated=op == "!=")


def _bits(value: Any) -> int:
    if isinstance(value, dict) and "|" in value:
        value = value["|"]
    if isinstance(value, int):
        return value
    total = 0
    for name in value if isinstance(value, list) else [value]:
        total |= TCP_BITS[name] if isinstance(name, str) else _bits(name)
    return total
