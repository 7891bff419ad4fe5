"""Small rulesets in the forms the tools print, and the answer the check gives of them."""

import json
from collections.abc import Mapping
from typing import Any

from agent.checks.firewall import linux
from agent.host import CannotTell, Output
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import Firewall, InboundDefault
from tests.fakes import FakeHost

JSON = "nft -j list ruleset"
TEXT = "nft list ruleset"
WORDS = {0: "unknown", 1: "blocked", 2: "allowed"}
assert InboundDefault.INBOUND_DEFAULT_BLOCKED == 1

ETH0 = {
    "ifname": "eth0",
    "flags": ["BROADCAST", "UP"],
    "addr_info": [{"family": "inet", "local": "192.168.1.5", "prefixlen": 24}],
}
IF_INET6 = "fe800000000000000000000000000001 02 40 20 80 eth0\n"

DROP: dict[str, Any] = {"drop": None}
ACCEPT: dict[str, Any] = {"accept": None}


def match(left: dict[str, Any], right: object, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def meta(key: str, right: object, op: str = "==") -> dict[str, Any]:
    return match({"meta": {"key": key}}, right, op)


def payload(protocol: str, field: str, right: object, op: str = "==") -> dict[str, Any]:
    return match({"payload": {"protocol": protocol, "field": field}}, right, op)


def ct(right: object, op: str = "in") -> dict[str, Any]:
    return match({"ct": {"key": "state"}}, right, op)


def ruleset(*rules: list[dict[str, Any]], policy: str = "drop", **more: Any) -> dict[str, Any]:
    """A table with one input chain. `more`: family, hook, prio, flags, and objects beside."""
    family = more.get("family", "inet")
    chain = {
        "family": family,
        "table": "f",
        "name": "input",
        "type": "filter",
        "hook": more.get("hook", "input"),
        "prio": more.get("prio", 0),
        "policy": policy,
    }
    table = {"family": family, "name": "f"} | more.get("table", {})
    of = {"family": family, "table": "f"}
    rows = [{"rule": {**of, "chain": "input", "expr": rule}} for rule in rules]
    beside = [{kind: {**of, **value}} for kind, value in more.get("objects", [])]
    return {"nftables": [{"metainfo": {}}, {"table": table}, {"chain": chain}, *beside, *rows]}


def host(
    dump: object, answers: Mapping[str, str | Output | CannotTell] | None = None, **files: str
) -> FakeHost:
    """A host with one interface and both families, on which nft prints `dump`."""
    printed = dump if isinstance(dump, str | Output | CannotTell) else json.dumps(dump)
    commands: dict[str, str | Output | CannotTell] = {
        JSON: printed,
        "ip -j addr": json.dumps([ETH0]),
    }
    return FakeHost(
        commands={**commands, **(answers or {})}, files={"/proc/net/if_inet6": IF_INET6} | files
    )


def seen_on(machine: FakeHost) -> tuple[Firewall, Seen]:
    seen = linux.observe(machine)
    assert isinstance(seen.value, Firewall)
    return seen.value, seen


def answer(dump: object, **more: Any) -> list[str]:
    """What is said of IPv4 and IPv6."""
    value, _ = seen_on(host(dump, **more))
    return [WORDS[scope.inbound] for scope in value.scopes]


def openings(dump: object, scope: str = "ipv4", **more: Any) -> list[tuple[str, str, str]]:
    value, _ = seen_on(host(dump, **more))
    return [(o.protocol, o.ports, o.source) for o in value.openings if o.scope == scope]
