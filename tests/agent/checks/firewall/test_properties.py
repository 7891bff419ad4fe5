"""For any input: an answer or a known trouble, never a block out of nothing, in few steps."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.checks.firewall import linux
from agent.checks.firewall.iptables import parse_iptables_save
from agent.checks.firewall.nft import parse_nft
from agent.checks.firewall.packet import Packet
from agent.checks.firewall.ruleset import Ruleset
from agent.checks.firewall.walk import reach
from agent.host import CannotTell
from tests.agent.checks.firewall.rulesets import (
    ACCEPT,
    DROP,
    answer,
    ct,
    host,
    meta,
    payload,
    ruleset,
)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 70000),
    st.sampled_from(["@s", "*", "tcp", "ip", "accept", "10.0.0.0", "input", "f", "lo", "new", "0"]),
    st.text(max_size=4),
)
KEYS = st.sampled_from(
    [
        *("nftables", "table", "chain", "rule", "set", "map", "family", "name", "expr", "hook"),
        *("prio", "policy", "type", "elem", "match", "op", "left", "right", "meta", "key", "ct"),
        *("payload", "protocol", "field", "vmap", "data", "concat", "range", "prefix", "addr"),
        *("len", "accept", "drop", "jump", "target", "xt", "reject", "fib", "flags", "&", "|"),
    ]
)
SHAPES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)
STATEMENTS = st.one_of(
    st.dictionaries(KEYS, SHAPES, min_size=1, max_size=2),
    st.builds(
        lambda left, right, op: {"match": {"op": op, "left": left, "right": right}},
        SHAPES,
        SHAPES,
        st.sampled_from(["==", "!=", "in", "<", ">=", "!"]),
    ),
    st.builds(lambda key, data: {"vmap": {"key": key, "data": data}}, SHAPES, SHAPES),
)
TERMS = st.sampled_from(
    [
        ct("new"),
        ct("established"),
        meta("iifname", "eth0"),
        meta("mark", 1),
        payload("tcp", "dport", 22),
        payload("ip", "saddr", "10.0.0.1"),
        {"limit": {}},
    ]
)
RULES = st.lists(
    st.tuples(st.lists(TERMS, max_size=2), st.sampled_from([ACCEPT, DROP])).map(
        lambda rule: [*rule[0], rule[1]]
    ),
    max_size=6,
)


def try_answer(dump: object) -> list[str]:
    try:
        return answer(dump)
    except CannotTell:
        return ["unknown", "unknown"]


@given(SHAPES)
def test_any_json_is_an_answer_or_a_known_trouble(shape: object) -> None:
    assert "blocked" not in try_answer(shape)
    assert "blocked" not in try_answer({"nftables": shape})


@given(st.lists(st.lists(STATEMENTS, max_size=3), max_size=3), st.sampled_from(["accept", "drop"]))
def test_any_rule_is_an_answer_or_a_known_trouble(rules: list[Any], policy: str) -> None:
    dump = ruleset(*rules, policy=policy)
    assert set(try_answer(dump)) <= {"blocked", "allowed", "unknown"}


@given(RULES, st.integers(0, 2000))
def test_a_listing_cut_anywhere_never_blocks(rules: list[Any], size: int) -> None:
    printed = json.dumps(ruleset(*rules))
    if size < len(printed):
        assert try_answer(printed[:size]) == ["unknown", "unknown"]


@given(RULES, st.randoms())
def test_without_chains_nothing_blocks(rules: list[Any], order: Any) -> None:
    dump = ruleset(*rules)
    kept = [part for part in dump["nftables"] if "chain" not in part]
    order.shuffle(kept)
    assert "blocked" not in try_answer({"nftables": kept})


@given(RULES, st.randoms())
def test_chains_may_be_listed_after_their_rules(rules: list[Any], order: Any) -> None:
    dump = ruleset(*rules)
    head, rows = dump["nftables"][:3], dump["nftables"][3:]
    order.shuffle(head)
    assert answer({"nftables": [*rows, *head]}) == answer(dump)


@given(st.text(max_size=200))
def test_any_text_of_iptables_save_is_tables_or_a_known_trouble(text: str) -> None:
    for listing in (text, f"*filter\n:INPUT DROP [0:0]\n-A INPUT {text}\nCOMMIT\n"):
        try:
            tables = parse_iptables_save(listing, 4)
        except CannotTell:
            continue
        assert isinstance(tables, tuple)


def test_every_rule_is_looked_at_once_however_chains_lead_to_each_other() -> None:
    """Each chain jumps twice to the next after a doubt: 2^16 paths, and one look at each rule."""
    jumps = [
        ("rule", {"chain": f"c{n}", "expr": [meta("mark", n), {"jump": {"target": f"c{n + 1}"}}]})
        for n in range(15)
        for _ in range(2)
    ]
    chains = [("chain", {"name": f"c{n}"}) for n in range(16)]
    dump = ruleset([{"jump": {"target": "c0"}}], objects=[*chains, *jumps])
    reached = reach(Ruleset(parse_nft(json.dumps(dump))), Packet(4, "tcp", "eth0"))
    assert reached.steps == 31


def test_five_thousand_rules_take_as_many_steps() -> None:
    count = 5000
    rules = [
        [
            payload("ip", "saddr", f"10.{n // 250}.{n % 250}.1"),
            payload("tcp", "dport", n + 1),
            ACCEPT,
        ]
        for n in range(count)
    ]
    dump = ruleset(*rules)
    reached = reach(Ruleset(parse_nft(json.dumps(dump))), Packet(4, "tcp", "eth0"))
    assert reached.steps == count
    assert linux.observe(host(dump)).value is not None
