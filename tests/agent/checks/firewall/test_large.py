"""Thousands of rules, addresses and interfaces are judged right, and looked at within bounds."""

import json

import pytest

from agent.checks.firewall.addresses import span
from agent.checks.firewall.inbound import MOST_LOOKS, inbound
from agent.checks.firewall.interfaces import Interface
from agent.checks.firewall.iptables import parse_iptables_save
from agent.checks.firewall.ruleset import Ruleset
from tests.agent.checks.firewall.rulesets import (
    ACCEPT,
    ETH0,
    answer,
    ct,
    openings,
    payload,
    ruleset,
)

PORTS = range(1, 2501)


def single(*more: dict[str, object]) -> list[list[dict[str, object]]]:
    """2,500 rules about one address each, twice: for TCP and for UDP."""
    return [
        [payload("ip", "saddr", f"203.0.{n >> 8}.{n & 255}"), payload(protocol, "dport", n), *more]
        for n in PORTS
        for protocol in ("tcp", "udp")
    ]


def test_five_thousand_rules_for_single_senders_leave_the_rest_blocked() -> None:
    dump = ruleset(*single(ACCEPT))
    assert answer(dump) == ["blocked", "blocked"]


def test_one_rule_that_lets_everybody_in_is_found_among_five_thousand() -> None:
    rules = single({"drop": None})
    dump = ruleset(*rules[:2500], [ct(["new"]), ACCEPT], *rules[2500:])
    assert answer(dump) == ["allowed", "allowed"]


def test_five_thousand_iptables_rules_are_one_answer_too() -> None:
    rules = [f"-A INPUT -s 203.0.{n >> 8}.{n & 255}/32 -j ACCEPT\n" for n in range(5000)]
    text = "*filter\n:INPUT DROP [0:0]\n{}COMMIT\n"
    host = (Interface("eth0", ((4, *_own("192.168.1.5")),)),)
    for last, blocked in (("", True), ("-A INPUT -m conntrack --ctstate NEW -j ACCEPT\n", False)):
        tables = parse_iptables_save(text.format("".join(rules) + last), 4)
        assert inbound(Ruleset(tables), 4, host).blocked is blocked


def _own(address: str) -> tuple[int, tuple[int, int]]:
    return span(address)[0], span(f"{address.rpartition('.')[0]}.0/24")


def test_a_country_list_of_a_hundred_thousand_addresses_is_still_judged() -> None:
    listed = [f"203.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(100_000)]
    named = ("set", {"name": "country", "type": "ipv4_addr", "elem": listed})
    dump = ruleset([payload("ip", "saddr", "@country"), ACCEPT], objects=[named])
    assert answer(dump) == ["blocked", "blocked"]


def test_interfaces_and_networks_that_no_rule_tells_apart_are_looked_at_once() -> None:
    interfaces = [
        {**ETH0, "ifname": f"eth{n}", "addr_info": [
            {"family": "inet", "local": f"10.{n}.0.{own}", "prefixlen": 24} for own in range(1, 9)
        ]}
        for n in range(60)
    ]  # fmt: skip
    dump = ruleset(*single(ACCEPT))
    answers = {"ip -j addr": json.dumps(interfaces)}
    assert answer(dump, answers=answers) == ["blocked", "blocked"]


def test_the_one_interface_and_the_one_network_that_rules_name_are_not_lost_among_others() -> None:
    interfaces = tuple(Interface(f"eth{n}", ((4, *_own(f"10.{n}.0.1")),)) for n in range(50))
    text = "*filter\n:INPUT DROP [0:0]\n{}COMMIT\n"
    for rule in ("-A INPUT -i eth37 -j ACCEPT\n", "-A INPUT -s 10.37.0.0/24 -j ACCEPT\n"):
        tables = parse_iptables_save(text.format(rule), 4)
        assert inbound(Ruleset(tables), 4, interfaces).blocked is False


def test_more_than_can_be_looked_at_is_said_and_is_never_a_pass() -> None:
    rules = "".join(f"-A INPUT -i eth{n} -d 10.{n}.0.1 -j ACCEPT\n" for n in range(200))
    rest = "".join(f"-A INPUT -s 203.0.{n >> 8}.{n & 255} -j ACCEPT\n" for n in range(5000))
    tables = parse_iptables_save(f"*filter\n:INPUT DROP [0:0]\n{rest}{rules}COMMIT\n", 4)
    interfaces = tuple(Interface(f"eth{n}", ((4, *_own(f"10.{n}.0.1")),)) for n in range(200))
    seen = inbound(Ruleset(tables), 4, interfaces)
    assert MOST_LOOKS < 200 * 5200
    assert seen.blocked is None
    assert "200 ways in" in str(seen.trouble)


@pytest.mark.parametrize("text", ["192.0.2.1", "2001:db8::1", "::"])
def test_an_address_is_a_span_of_one(text: str) -> None:
    first, last = span(text)
    assert first == last


@pytest.mark.parametrize("text", ["192.0.2.300", "192.0.2", "01.2.3.4", "x", "", "1:2:3"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        span(text)


def test_openings_are_still_listed_beside_many_rules() -> None:
    dump = ruleset(*single({"drop": None}), [payload("tcp", "dport", 22), ACCEPT])
    assert ("tcp", "22", "any") in openings(dump)
