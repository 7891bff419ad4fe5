"""Ports of containers are listed beside the verdict: no input rule is asked about them."""

import json

from agent.checks.firewall.iptables import parse_iptables_save
from agent.checks.firewall.nft import parse_nft
from agent.checks.firewall.published import published
from tests.agent.checks.firewall.rulesets import ACCEPT, host, payload, ruleset, seen_on

DOCKER = """\
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A DOCKER ! -i docker0 -p udp -m udp --dport 5000:5003 -j DNAT --to-destination 172.17.0.3:5000
-A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 5432 -j DNAT --to-destination 172.17.0.4:5432
-A DOCKER -p tcp -j DNAT --to-destination 172.17.0.5
COMMIT
"""  # noqa: E501 - as iptables-save prints it
NETAVARK = [
    ("chain", {"name": "nat", "type": "nat", "hook": "prerouting", "prio": -100}),
    ("chain", {"name": "dnat"}),
]


def test_ports_that_docker_publishes_are_found_and_those_of_the_loopback_are_not() -> None:
    openings = published(parse_iptables_save(DOCKER, 4), 4)
    said = [(o.protocol, o.ports, o.source) for o in openings]
    assert said == [("tcp", "8080", "any, passed on"), ("udp", "5000-5003", "any, passed on")]
    assert published(parse_iptables_save(DOCKER, 4), 6) == []


def test_ports_that_native_rules_pass_on_are_listed_and_change_no_verdict() -> None:
    rule = [payload("tcp", "dport", 8080), {"dnat": {"addr": "10.88.0.2", "port": 80}}]
    dump = ruleset([payload("tcp", "dport", 22), ACCEPT], objects=NETAVARK)
    dump["nftables"].append(
        {"rule": {"family": "inet", "table": "f", "chain": "dnat", "expr": rule}}
    )
    value, _ = seen_on(host(dump))
    openings = [(o.ports, o.source) for o in value.openings if o.scope == "ipv4"]
    assert openings == [("22", "any"), ("8080", "any, passed on")]
    assert {scope.inbound for scope in value.scopes} == {1}
    assert [o.ports for o in published(parse_nft(json.dumps(dump)), 6)] == ["8080"]
