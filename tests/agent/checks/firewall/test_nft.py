"""Native rulesets: every kind of match both ways, and what must not be taken for a firewall."""

from typing import Any

import pytest

from agent.checks.firewall import addresses
from agent.checks.firewall.nft import parse_nft
from agent.checks.firewall.nft_text import parse_nft_text
from agent.host import Unparsable
from tests.agent.checks.firewall.rulesets import (
    ACCEPT,
    DROP,
    TEXT,
    answer,
    ct,
    host,
    match,
    meta,
    openings,
    payload,
    ruleset,
    seen_on,
)

FIB_TYPE = {"fib": {"result": "type", "flags": ["daddr"]}}
FIB_OIF = {"fib": {"result": "oif", "flags": ["saddr", "iif"]}}
FLAGS = {"payload": {"protocol": "tcp", "field": "flags"}}
SYN_ONLY = match({"&": [FLAGS, ["fin", "syn", "rst", "ack"]]}, "syn")
PUBLIC = {"range": ["1.0.0.0", "9.255.255.255"]}

HOLDS = [
    [],
    [ct("new")],
    [ct({"set": ["new", "untracked"]}, "==")],
    [ct(["established", "related"], "!=")],
    [meta("iifname", "eth0")],
    [meta("iifname", "e*")],
    [meta("iifname", "lo", "!=")],
    [meta("l4proto", {"set": ["tcp", "udp"]})],
    [meta("l4proto", [6, 17])],
    [meta("l4proto", "icmp", "!=")],
    [match(FIB_TYPE, {"set": ["local", "multicast"]})],
    [match(FIB_OIF, True)],
    [meta("pkttype", "host")],
    [payload("th", "dport", {"range": [1025, 65535]})],
    [payload("th", "dport", 22, "!=")],
    [payload("th", "dport", 1023, ">")],
    [payload("th", "sport", {"range": [1024, 65535]})],
    [payload("th", "dport", "@wide")],
    [match({"ct": {"key": "direction"}}, "original")],
    [{"limit": {"rate": 5, "per": "minute"}}],
    [{"counter": {"packets": 0}}, {"log": None}],
    [{"set": {"op": "add", "elem": 1, "set": "@wide"}}],
    [meta("ipsec", False)],
]
FAILS = [
    [ct(["established", "related"])],
    [ct("invalid")],
    [ct("new", "!=")],
    [ct("untracked")],
    [ct(["established", "related", "untracked"])],
    [meta("iif", "lo")],
    [meta("iifname", "eth1")],
    [meta("iifname", "eth0", "!=")],
    [meta("l4proto", {"set": ["icmp", "ipv6-icmp"]})],
    [meta("protocol", "arp")],
    [match(FIB_TYPE, "multicast")],
    [meta("pkttype", {"set": ["broadcast", "multicast"]})],
    [payload("icmpv6", "type", "echo-request")],
    [payload("icmpv6", "type", "echo-request", "!=")],
    [match({"ct": {"key": "status"}}, "dnat", "in")],
    [payload("ip", "saddr", "@nobody")],
]
ODD = [
    [match(FIB_OIF, False)],
    [match({"exthdr": {"name": "rt", "field": "type"}}, 0)],
    [payload("ip", "dscp", 46)],
]
UNKNOWN = [
    [meta("mark", 1)],
    [meta("mark", 1, "!=")],
    [{"xt": {"type": "match", "name": "geoip"}}],
    [{"xt": None}],
    [{"something new": {}}],
    [payload("th", "dport", "@missing")],
    [match({"numgen": {"mode": "random", "mod": 2}}, 0)],
    [match({"socket": {"key": "transparent"}}, 1)],
    [payload("ether", "saddr", "00:11:22:33:44:55")],
]
SETS = [
    ("set", {"name": "wide", "type": "inet_service", "elem": [{"range": [2000, 60000]}]}),
    ("set", {"name": "nobody", "type": "ipv4_addr"}),
]


@pytest.mark.parametrize("terms", HOLDS)
def test_an_accept_that_an_ordinary_packet_meets_opens(terms: list[dict[str, Any]]) -> None:
    assert answer(ruleset([*terms, ACCEPT], objects=SETS)) == ["allowed", "allowed"]


@pytest.mark.parametrize("terms", FAILS)
def test_an_accept_that_no_ordinary_packet_meets_opens_nothing(
    terms: list[dict[str, Any]],
) -> None:
    assert answer(ruleset([*terms, ACCEPT], objects=SETS)) == ["blocked", "blocked"]


@pytest.mark.parametrize("terms", FAILS)
def test_a_drop_that_no_ordinary_packet_meets_guards_nothing(
    terms: list[dict[str, Any]],
) -> None:
    dump = ruleset([*terms, DROP], policy="accept", objects=SETS)
    assert answer(dump) == ["allowed", "allowed"]


@pytest.mark.parametrize("terms", ODD)
def test_a_drop_for_odd_packets_guards_nothing_and_an_accept_may_let_in(
    terms: list[dict[str, Any]],
) -> None:
    assert answer(ruleset([*terms, DROP], policy="accept"))[0] == "allowed"
    assert answer(ruleset([*terms, ACCEPT]))[0] == "unknown"


@pytest.mark.parametrize("terms", UNKNOWN)
@pytest.mark.parametrize(("end", "policy"), [(ACCEPT, "drop"), (DROP, "accept")])
def test_what_is_not_understood_gives_neither_answer_and_names_the_rule(
    terms: list[dict[str, Any]], end: dict[str, Any], policy: str
) -> None:
    value, seen = seen_on(host(ruleset([*terms, end], policy=policy)))
    assert not any(scope.HasField("inbound") for scope in value.scopes)
    assert [gap.field for gap in seen.gaps] == ["scopes[ipv4].inbound", "scopes[ipv6].inbound"]
    assert "rule 1 of chain input in table inet f" in seen.gaps[0].detail


@pytest.mark.parametrize("terms", UNKNOWN)
def test_doubt_that_changes_nothing_is_no_doubt(terms: list[dict[str, Any]]) -> None:
    assert answer(ruleset([*terms, ACCEPT], [ACCEPT])) == ["allowed", "allowed"]
    assert answer(ruleset([*terms, DROP])) == ["blocked", "blocked"]


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (None, ["blocked", "blocked"]),
        ({"type": "icmpx", "expr": "port-unreachable"}, ["blocked", "blocked"]),
        ({"type": "icmp", "expr": "port-unreachable"}, ["blocked", "allowed"]),
        ({"type": "icmpv6", "expr": "no-route"}, ["allowed", "blocked"]),
        ({"type": "tcp reset"}, ["allowed", "allowed"]),
    ],
)
def test_a_refusal_counts_for_what_it_can_refuse(
    refusal: dict[str, Any] | None, expected: list[str]
) -> None:
    assert answer(ruleset([{"reject": refusal}], policy="accept")) == expected


@pytest.mark.parametrize("statement", ["queue", "fwd", "synproxy"])
def test_a_packet_given_away_has_no_known_end(statement: str) -> None:
    assert answer(ruleset([{statement: None}])) == ["unknown", "unknown"]


@pytest.mark.parametrize("family", ["bridge", "arp"])
def test_other_families_guard_nothing(family: str) -> None:
    assert answer(ruleset(family=family)) == ["allowed", "allowed"]


@pytest.mark.parametrize("hook", ["forward", "output", "postrouting"])
def test_other_hooks_guard_nothing(hook: str) -> None:
    assert answer(ruleset(hook=hook)) == ["allowed", "allowed"]


def test_a_chain_without_a_policy_accepts() -> None:
    dump = ruleset()
    del dump["nftables"][2]["chain"]["policy"]
    assert answer(dump) == ["allowed", "allowed"]


@pytest.mark.parametrize(
    ("family", "expected"), [("ip", ["blocked", "allowed"]), ("ip6", ["allowed", "blocked"])]
)
def test_a_table_of_one_family_guards_one_family(family: str, expected: list[str]) -> None:
    assert answer(ruleset(family=family)) == expected


PLAIN = "table inet f {\n\tflags %s\n\n\tset s {\n\t\tflags interval\n\t}\n}\n"


@pytest.mark.parametrize(
    ("plain", "expected"),
    [("dormant", "allowed"), ("owner,persist", "blocked"), ("owner, dormant", "allowed")],
)
def test_the_plain_form_says_which_flags_a_table_has(plain: str, expected: str) -> None:
    dump = ruleset(table={"flags": "Lester Gooch #5"})
    assert answer(dump, answers={TEXT: PLAIN % plain}) == [expected, expected]


def test_a_table_is_seen_asleep_even_when_the_json_does_not_say_so() -> None:
    assert answer(ruleset(), answers={TEXT: PLAIN % "dormant"}) == ["allowed", "allowed"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("filter", "unknown"), (["dormant"], "allowed"), (["owner"], "blocked"), (3, "unknown")],
)
def test_without_the_plain_form_only_flags_that_exist_are_believed(
    flags: object, expected: str
) -> None:
    assert answer(ruleset(table={"flags": flags})) == [expected, expected]


@pytest.mark.parametrize(
    ("device", "expected"),
    [("eth0", "blocked"), ("{ eth0, eth1 }", "blocked"), ("eth1", "allowed")],
)
def test_an_ingress_chain_guards_its_devices(device: str, expected: str) -> None:
    plain = (
        "table netdev f {\n\tchain input {\n"
        f"\t\ttype filter hook ingress devices = {device} priority -500; policy drop;\n\t}}\n}}\n"
    )
    dump = ruleset(family="netdev", hook="ingress", prio=-500)
    assert answer(dump, answers={TEXT: plain}) == [expected, expected]


def test_an_ingress_chain_of_an_unknown_device_is_not_counted_on() -> None:
    dump = ruleset(family="netdev", hook="ingress", prio=-500)
    assert answer(dump) == ["unknown", "unknown"]


@pytest.mark.parametrize(("prio", "expected"), [(-300, "blocked"), (-150, "allowed")])
def test_before_connection_tracking_every_packet_is_invalid(prio: int, expected: str) -> None:
    dump = ruleset([ct("invalid"), DROP], policy="accept", hook="prerouting", prio=prio)
    assert answer(dump) == [expected, expected]


def test_a_chain_that_is_not_there_gives_no_answer() -> None:
    assert answer(ruleset([{"jump": {"target": "lost"}}])) == ["unknown", "unknown"]


def test_a_loop_of_jumps_gives_no_answer() -> None:
    around = {"chain": "a", "expr": [{"jump": {"target": "a"}}]}
    objects = [("chain", {"name": "a"}), ("rule", around)]
    assert answer(ruleset([{"jump": {"target": "a"}}], objects=objects)) == ["unknown", "unknown"]


def test_a_map_sends_each_key_its_own_way_and_the_catch_all_last() -> None:
    pairs: list[Any] = [["*", ACCEPT], ["eth0", DROP]]
    dump = ruleset([{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": {"set": pairs}}}])
    assert answer(dump) == ["blocked", "blocked"]
    pairs[1][0] = "eth1"
    dump = ruleset([{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": {"set": pairs}}}])
    assert answer(dump) == ["allowed", "allowed"]


TCP_PORT = {"payload": {"protocol": "tcp", "field": "dport"}}
V4_SOURCE = {"payload": {"protocol": "ip", "field": "saddr"}}
NO_PORT = ("set", {"name": "no_port", "type": "inet_service"})


@pytest.mark.parametrize(
    "rule",
    [
        [match(TCP_PORT, "@no_port", "!="), DROP],
        [match({"concat": [V4_SOURCE, TCP_PORT]}, {"set": [{"concat": ["::", 22]}]}, "!="), DROP],
        [{"vmap": {"key": TCP_PORT, "data": {"set": [[22, ACCEPT], ["*", DROP]]}}}],
        [match(TCP_PORT, {"set": ["*"]}), DROP],
        [match({"payload": {"protocol": "icmp", "field": "type"}}, "@no_port", "!="), DROP],
    ],
)
def test_what_asks_for_a_tcp_port_takes_nothing_of_another_protocol(rule: list[Any]) -> None:
    assert answer(ruleset(rule, policy="accept", objects=[NO_PORT])) == ["allowed", "allowed"]


def test_where_packets_are_taken_out_of_tracking_their_state_is_not_told() -> None:
    untracked = {"chain": "other", "expr": [{"notrack": None}]}
    objects = [("chain", {"name": "other"}), ("rule", untracked)]
    for state, end, policy in (("untracked", ACCEPT, "drop"), ("new", DROP, "accept")):
        dump = ruleset([ct(state), end], policy=policy, objects=objects)
        assert answer(dump) == ["unknown", "unknown"]
    both = ruleset([ct(["new", "untracked"]), DROP], policy="accept", objects=objects)
    assert answer(both) == ["blocked", "blocked"]


def test_a_map_that_is_not_there_gives_no_answer() -> None:
    dump = ruleset([{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": "@m"}}])
    assert answer(dump) == ["unknown", "unknown"]


def test_joined_keys_are_met_together() -> None:
    left = {
        "concat": [{"meta": {"key": "l4proto"}}, {"payload": {"protocol": "th", "field": "dport"}}]
    }
    right = {"set": [{"concat": ["tcp", 22]}, {"concat": ["udp", {"range": [53, 54]}]}]}
    assert openings(ruleset([match(left, right), ACCEPT])) == [
        ("tcp", "22", "any"),
        ("udp", "53-54", "any"),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("0.0.0.0/0", "allowed"),
        ("0.0.0.0/1", "allowed"),
        ("10.0.0.0/8", "blocked"),
        ("198.51.100.7", "blocked"),
    ],
)
def test_a_source_as_wide_as_the_world_keeps_nobody_out(source: str, expected: str) -> None:
    address, _, length = source.partition("/")
    value = {"prefix": {"addr": address, "len": int(length)}} if length else address
    assert answer(ruleset([payload("ip", "saddr", value), ACCEPT]))[0] == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"prefix": {"addr": "192.168.0.0", "len": 16}}, "local network"),
        ({"prefix": {"addr": "10.9.0.0", "len": 16}}, "10.9.0.0/16"),
        ({"range": ["10.9.0.1", "10.9.0.2"]}, "10.9.0.1-10.9.0.2"),
        ("198.51.100.7", "198.51.100.7/32"),
    ],
)
def test_an_opening_for_some_names_them(source: object, expected: str) -> None:
    dump = ruleset([payload("ip", "saddr", source), payload("tcp", "dport", 22), ACCEPT])
    assert openings(dump) == [("tcp", "22", expected)]


def test_a_drop_for_all_but_some_is_an_opening_for_these() -> None:
    rule = [payload("ip", "saddr", {"prefix": {"addr": "10.9.0.0", "len": 16}}, "!="), DROP]
    assert openings(ruleset(rule, policy="accept")) == [
        ("tcp", "1-65535", "10.9.0.0/16"),
        ("udp", "1-65535", "10.9.0.0/16"),
    ]


def test_an_answer_to_dhcp_is_no_opening() -> None:
    rule = [payload("udp", "sport", 67), payload("udp", "dport", 68), ACCEPT]
    assert openings(ruleset(rule)) == []


def test_a_multicast_rule_is_no_opening() -> None:
    rule = [payload("ip", "daddr", "224.0.0.251"), payload("udp", "dport", 5353), ACCEPT]
    assert openings(ruleset(rule)) == []


def test_refusing_all_but_a_new_connection_is_not_refusing() -> None:
    inverted = match(SYN_ONLY["match"]["left"], "syn", "!=")
    assert answer(ruleset([inverted, DROP], policy="accept")) == ["allowed", "allowed"]
    assert answer(ruleset([SYN_ONLY, ACCEPT])) == ["allowed", "allowed"]
    answered = match({"&": [FLAGS, "ack"]}, "ack")
    assert answer(ruleset([answered, ACCEPT])) == ["blocked", "blocked"]


def test_most_well_known_ports_open_is_open() -> None:
    low = [payload("tcp", "dport", {"range": [1, 1023]}), ACCEPT]
    assert answer(ruleset(low)) == ["allowed", "allowed"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "{}", '{"nftables": 3}', '{"nftables": [1]}'),
        *('{"nftables": [{"rule": 1}]}', "[" * 100_000),
        '{"nftables": [{"chain": {"family": "ip", "table": "f"}}]}',
    ],
)
def test_what_is_no_ruleset_is_refused(text: str) -> None:
    with pytest.raises(Unparsable):
        parse_nft(text)


def test_text_that_is_no_ruleset_is_refused() -> None:
    with pytest.raises(Unparsable):
        parse_nft_text("Usage: nft [ options ]\n")


def test_a_span_reads_back() -> None:
    assert addresses.words(addresses.span("2001:db8::/32"), 6) == "2001:db8::/32"


@pytest.mark.parametrize("policies", [("drop", "accept"), ("accept", "drop")])
def test_a_packet_has_to_pass_every_base_chain(policies: tuple[str, str]) -> None:
    first, second = policies
    other = {"name": "late", "type": "filter", "hook": "input", "prio": 10, "policy": second}
    dump = ruleset(policy=first, objects=[("chain", other)])
    assert answer(dump) == ["blocked", "blocked"]
