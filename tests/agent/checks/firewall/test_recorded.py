"""The check says of recorded hosts what a neighbour found out by trying."""

import json
from itertools import product
from pathlib import Path

import pytest

from agent.checks.firewall import linux
from agent.observation import Seen, observe
from agent.recordings.replay import Recording
from protos.posture.v1.signals_pb2 import Firewall, InboundDefault

RECORDED = Path(__file__).parent / "recorded"
TRIED = (22, 631, 5353, 8080, 34567)
BLOCKED = InboundDefault.INBOUND_DEFAULT_BLOCKED
ALLOWED = InboundDefault.INBOUND_DEFAULT_ALLOWED

INBOUND = {
    "accept-all": (ALLOWED, ALLOWED),
    "accept-final-reject": (BLOCKED, BLOCKED),
    "continue": (ALLOWED, ALLOWED),
    "dormant": (ALLOWED, ALLOWED),
    "empty-chains": (ALLOWED, ALLOWED),
    "forward-only": (ALLOWED, ALLOWED),
    "icmp-reject": (BLOCKED, ALLOWED),
    "ingress": (BLOCKED, BLOCKED),
    "ipt-final": (BLOCKED, BLOCKED),
    "ipt-invert": (BLOCKED, ALLOWED),
    "ipt-newaccept": (ALLOWED, ALLOWED),
    "ipv4-only": (BLOCKED, ALLOWED),
    "jump-vmap": (BLOCKED, BLOCKED),
    "limit": (ALLOWED, ALLOWED),
    "notlan": (ALLOWED, ALLOWED),
    "policy-drop": (BLOCKED, BLOCKED),
    "prerouting": (BLOCKED, BLOCKED),
    "raw-invalid": (BLOCKED, BLOCKED),
    "sport": (BLOCKED, BLOCKED),
    "synflags": (BLOCKED, BLOCKED),
    "two-base": (BLOCKED, BLOCKED),
    "ufw": (BLOCKED, BLOCKED),
    "ufw-flushed": (ALLOWED, ALLOWED),
}


def observed(name: str) -> tuple[Firewall, Seen]:
    seen = linux.observe(Recording(RECORDED / name))
    assert isinstance(seen.value, Firewall)
    return seen.value, seen


def is_open(value: Firewall, scope: str, protocol: str, port: int) -> bool:
    """Whether a neighbour that sends from an ordinary port is let in."""
    for opening in value.openings:
        first, _, last = opening.ports.partition("-")
        if "source port" in opening.ports or opening.source not in ("any", "local network"):
            continue
        here = (opening.scope, opening.protocol) == (scope, protocol)
        if here and int(first) <= port <= int(last or first):
            return True
    return False


def test_every_recording_has_an_expectation() -> None:
    assert {folder.name for folder in RECORDED.iterdir() if folder.is_dir()} == set(INBOUND)


@pytest.mark.parametrize("name", sorted(INBOUND))
def test_each_family_is_answered_as_the_ruleset_works(name: str) -> None:
    value, seen = observed(name)
    assert tuple(scope.inbound for scope in value.scopes) == INBOUND[name]
    assert all(scope.in_use for scope in value.scopes)
    assert seen.gaps == []


@pytest.mark.parametrize("name", sorted(set(INBOUND) - {"limit"}))
def test_the_openings_are_the_ports_that_answered(name: str) -> None:
    value, _ = observed(name)
    reached = json.loads((RECORDED / name / "reached.json").read_text())
    for (family, scope), protocol in product((("v4", "ipv4"), ("v6", "ipv6")), ("tcp", "udp")):
        said = [port for port in TRIED if is_open(value, scope, protocol, port)]
        if name == "ufw" and scope == "ipv6":
            said = [port for port in said if port != 22]  # the rate limit had closed it by then
        assert said == reached[family + protocol], (scope, protocol)


def test_a_rate_limit_lets_the_first_packets_in() -> None:
    value, _ = observed("limit")
    assert all(is_open(value, scope, "tcp", 34567) for scope in ("ipv4", "ipv6"))


def test_a_rule_for_a_source_port_is_an_opening() -> None:
    value, _ = observed("sport")
    assert ("udp", "1-65535 from source port 53", "any") in {
        (opening.protocol, opening.ports, opening.source) for opening in value.openings
    }


def test_ports_for_the_own_network_only_say_so() -> None:
    value, _ = observed("ufw")
    assert ("udp", "5353", "local network", "ipv4") in {
        (opening.protocol, opening.ports, opening.source, opening.scope)
        for opening in value.openings
    }


def test_a_manager_that_is_enabled_with_nothing_loaded_does_not_help() -> None:
    value, seen = observed("ufw-flushed")
    assert [manager.name for manager in value.managers] == ["ufw"]
    assert "none of its rules is loaded" in value.managers[0].state
    said = {(line.source, line.said) for line in seen.evidence}
    assert ("/etc/ufw/ufw.conf", "ENABLED=yes") in said
    assert ("nft -j list ruleset", "no chain that filters inbound") in said


@pytest.mark.parametrize("name", sorted(INBOUND))
def test_the_same_host_gives_the_same_bytes(name: str) -> None:
    answers = {
        observe("firewall", linux.observe, Recording(RECORDED / name)).SerializeToString(
            deterministic=True
        )
        for _ in range(2)
    }
    assert len(answers) == 1
