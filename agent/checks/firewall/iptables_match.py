"""The options of one iptables rule as terms of ours; what is not understood becomes "unsure"."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from agent.checks.firewall import addresses
from agent.checks.firewall.addresses import Version
from agent.checks.firewall.nft_match import TCP_BITS
from agent.checks.firewall.ports import Span
from agent.checks.firewall.ruleset import AnyOf, Field, Match, Term

UNSURE = Match("unsure")
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "ipv6-icmp", "icmpv6": "ipv6-icmp"}


@dataclass(frozen=True, slots=True)
class Options:
    """What a rule asks, and where it sends the packet."""

    terms: tuple[Term, ...]
    target: str
    goto: bool


def read_options(words: list[str], version: Version) -> Options:
    """Read everything up to the target; what follows the target are the target's own options."""
    terms = _reverse_path(words)
    at, negated = 0, False
    while at < len(words):
        word = words[at]
        if word in ("-j", "-g"):
            target = words[at + 1] if at + 1 < len(words) else "?"
            return Options(tuple(terms), target, word == "-g")
        if word == "!":
            negated, at = True, at + 1
            continue
        values = _values(words, at + 1)
        terms += _terms(word, values, negated, version)
        at, negated = at + 1 + len(values), False
    return Options(tuple(terms), "", goto=False)


def _reverse_path(words: list[str]) -> list[Term]:
    """rpfilter holds for a packet whose answer would leave by the same way: any ordinary one."""
    if "rpfilter" not in words:
        return []
    return [Match("avoidable", negated="--invert" not in words)]


def _values(words: list[str], start: int) -> list[str]:
    if words[start - 1] == "--comment":
        return words[start : start + 1]
    end = start
    while end < len(words) and words[end] != "!" and not _is_option(words[end]):
        end += 1
    return words[start:end]


def _is_option(word: str) -> bool:
    return word.startswith("--") or (len(word) == 2 and word[0] == "-" and word[1].isalpha())


def _terms(option: str, values: list[str], negated: bool, version: Version) -> list[Term]:
    """The terms of one option with its values. `negated`: a "!" stood before it."""
    if option.startswith(_SILENT) or option in _SILENT_WORDS:
        return []
    try:
        if option == "-m":
            return list(_MODULES.get(values[0], (UNSURE,)))
        if option in _ADDRESS:
            found: Term = _address(_ADDRESS[option], values, version)
        else:
            found = _READ[option](values)
    except (ValueError, IndexError, KeyError):
        return [UNSURE]
    return [inverted(found) if negated else found]


_CHOICE, _AVOIDABLE = (Match("choice"),), (Match("avoidable"),)
_MODULES: dict[str, tuple[Term, ...]] = {
    "limit": _CHOICE,
    "hashlimit": _CHOICE,
    "connlimit": _CHOICE,
    "statistic": _CHOICE,
    "rt": _AVOIDABLE,
    "frag": _AVOIDABLE,
    **dict.fromkeys(("tcp", "udp", "multiport", "conntrack", "state", "addrtype", "pkttype"), ()),
    **dict.fromkeys(("iprange", "icmp", "icmp6", "comment", "recent", "policy", "rpfilter"), ()),
    **dict.fromkeys(("length", "dscp", "tos", "string", "tcpmss"), ()),
}
"""What naming a module says by itself; () where its options say everything."""

_SILENT = ("--limit", "--hashlimit", "--connlimit", "--rt-", "--frag", "--seconds", "--hitcount")
_SILENT_WORDS = frozenset(
    (
        *("--comment", "--name", "--mask", "--rsource", "--rdest"),
        *("--rttl", "--reap", "--set", "--dir", "--mode"),
        *("--probability", "--every", "--packet", "--validmark"),
        *("--loose", "--invert", "--accept-local", "--strict"),
        *("--reqid", "--algo", "--from", "--to", "--icase"),
    )
)
"""Options that refine what the module said, or only keep a list (--set of recent)."""

_ADDRESS: dict[str, Field] = {
    "-s": "saddr",
    "-d": "daddr",
    "--src-range": "saddr",
    "--dst-range": "daddr",
}


def inverted(term: Term) -> Term:
    """The term that holds exactly when the given one does not."""
    return replace(term, negated=not term.negated)


def _address(field: Field, values: list[str], version: Version) -> Term:
    spans = (addresses.span(values[0]),)
    return Match(field, spans=spans, wide=addresses.is_wide(spans, version))


def _spans(text: str) -> tuple[Span, ...]:
    """The spans of "22,80:90,1024:"."""
    spans: list[Span] = []
    for part in text.split(","):
        low, colon, high = part.partition(":")
        first = int(low or 0)
        spans.append((first, int(high or 65535) if colon else first))
    return tuple(spans)


def _source_ports(values: list[str]) -> Term:
    return Match("sport", spans=_spans(values[0]))


def _ports(values: list[str]) -> Term:
    return Match("dport", spans=_spans(values[0]))


def _either_ports(values: list[str]) -> Term:
    return AnyOf(((_ports(values),), (_source_ports(values),)))


def _interface(values: list[str]) -> Term:
    name = values[0]
    return Match("interface", (name[:-1] + "*" if name.endswith("+") else name,))


def _protocol(values: list[str]) -> Term:
    name = values[0]
    return Match("yes") if name in ("all", "0") else Match("l4proto", (PROTOCOLS.get(name, name),))


def _state(values: list[str]) -> Term:
    return Match("state", tuple(values[0].lower().split(",")))


def _status(values: list[str]) -> Term:
    return Match("no") if values == ["DNAT"] else UNSURE


def _flags(values: list[str]) -> Term:
    return Match("tcp_flags", spans=((_bits(values[0]), _bits(values[1])),))


def _bits(names: str) -> int:
    if names in ("ALL", "NONE"):
        return 63 if names == "ALL" else 0
    return sum(TCP_BITS[name.lower()] for name in names.split(","))


def _types(field: Field) -> Callable[[list[str]], Term]:
    return lambda values: Match(field, tuple(values[0].lower().split(",")))


def _always(field: Field) -> Callable[[list[str]], Term]:
    return lambda _values: Match(field)


_READ: dict[str, Callable[[list[str]], Term]] = {
    "-i": _interface,
    "-p": _protocol,
    "-f": _always("no"),
    "--dport": _ports,
    "--dports": _ports,
    "--sport": _source_ports,
    "--sports": _source_ports,
    "--ports": _either_ports,
    "--ctstate": _state,
    "--state": _state,
    "--ctstatus": _status,
    "--ctdir": lambda values: Match("yes" if values == ["ORIGINAL"] else "no"),
    "--dst-type": _types("daddr_type"),
    "--src-type": _types("saddr_type"),
    "--pkt-type": _types("pkttype"),
    "--icmp-type": _always("no"),
    "--icmpv6-type": _always("no"),
    "--tcp-flags": _flags,
    "--syn": lambda _values: Match("tcp_flags", spans=((23, 2),)),
    "--pol": lambda values: Match("yes" if values == ["none"] else "no"),
    "--rcheck": _always("avoidable"),
    "--update": _always("avoidable"),
    "--remove": _always("avoidable"),
    "--length": _always("avoidable"),
    "--dscp": _always("avoidable"),
    "--tos": _always("avoidable"),
    "--string": _always("avoidable"),
    "--hex-string": _always("avoidable"),
    "--mss": _always("avoidable"),
    "--tcp-option": _always("avoidable"),
}
