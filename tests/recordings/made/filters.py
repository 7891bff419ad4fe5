"""Machines for the firewall: each source of the loaded rules, dropping, letting in, and silent."""

import json
from collections.abc import Mapping

from agent.host import TimedOut, ToolMissing
from tests.agent.checks.firewall.rulesets import ETH0, IF_INET6, JSON, TEXT
from tests.fakes import Answer, FakeHost

EMPTY = '{"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}]}'
SLOW = TimedOut("no answer in time")
NO_NFT: dict[str, Answer] = {JSON: ToolMissing("nft"), TEXT: ToolMissing("nft")}
HUNG: dict[str, Answer] = {JSON: SLOW, TEXT: SLOW, "iptables-save": SLOW, "ip6tables-save": SLOW}
NF_TABLES = {"iptables -V": "iptables v1.8.9 (nf_tables)\n"}
LEGACY = {"iptables -V": "iptables v1.8.7 (legacy)\n"}
NAMES = {"/proc/net/ip_tables_names": "filter\n", "/proc/net/ip6_tables_names": "filter\n"}
RULES = ["-A INPUT -i lo -j ACCEPT", "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT"]
UFW = """\
*filter
:INPUT DROP [0:0]
:ufw-before-input - [0:0]
:ufw-user-input - [0:0]
-A INPUT -j ufw-before-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -j ufw-user-input
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
"""
UFW6 = UFW.replace("ufw-", "ufw6-")
ACTIVE = """\
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    Anywhere
22/tcp (v6)                ALLOW IN    Anywhere (v6)
"""
ESTABLISHED = {
    "match": {
        "op": "in",
        "left": {"ct": {"key": "state"}},
        "right": ["established", "related"],
    }
}
LOOPBACK = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}
REJECT = {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}


def native(table: str, policy: str, *last: Mapping[str, object]) -> str:
    """`nft -j list ruleset` of one inet table: established and loopback in, then `last`."""
    of = {"family": "inet", "table": table}
    chain = {**of, "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": policy}
    rules = [[ESTABLISHED, {"accept": None}], [LOOPBACK, {"accept": None}]]
    rules += [[dict(statement)] for statement in last]
    rows = [{"rule": {**of, "chain": "input", "expr": expr}} for expr in rules]
    head = [{"metainfo": {"json_schema_version": 1}}, {"table": {"family": "inet", "name": table}}]
    return json.dumps({"nftables": [*head, {"chain": chain}, *rows]}, indent=1)


def saved(policy: str) -> str:
    return "\n".join(["*filter", f":INPUT {policy} [0:0]", *RULES, "COMMIT", ""])


def host(commands: Mapping[str, Answer], files: Mapping[str, str] | None = None) -> FakeHost:
    return FakeHost(
        commands={"ip -j addr": json.dumps([ETH0]), **commands},
        files={"/proc/net/if_inet6": IF_INET6, "/proc/modules": "", **(files or {})},
    )


def legacy(policy: str) -> FakeHost:
    dump = saved(policy)
    both = {"iptables-legacy-save": dump, "ip6tables-legacy-save": dump}
    return host({**NO_NFT, **LEGACY, **both}, NAMES)


RUNNING = {"firewall-cmd --state": "running\n", "firewall-cmd --get-default-zone": "public\n"}
ENABLED = {"/etc/ufw/ufw.conf": "ENABLED=yes\n"}

MACHINES = {
    "nft-good": host({JSON: native("filter", "drop")}),
    "nft-bad": host({JSON: native("filter", "accept")}),
    "nft-blind": host({JSON: SLOW, TEXT: SLOW}),
    "iptables-good": legacy("DROP"),
    "iptables-bad": legacy("ACCEPT"),
    "iptables-blind": host({**NO_NFT, **LEGACY}, NAMES),
    "ufw-good": host(
        {
            **NO_NFT,
            **NF_TABLES,
            "iptables-save": UFW,
            "ip6tables-save": UFW6,
            "ufw status verbose": ACTIVE,
        },
        ENABLED,
    ),
    "ufw-bad": host({JSON: EMPTY, TEXT: "", "ufw status verbose": ACTIVE}, ENABLED),
    "ufw-blind": host({**HUNG, **NF_TABLES, "ufw status verbose": ACTIVE}, ENABLED),
    "firewalld-good": host({JSON: native("firewalld", "accept", REJECT), **RUNNING}),
    "firewalld-bad": host({JSON: native("firewalld", "accept", {"accept": None}), **RUNNING}),
    "firewalld-blind": host({**HUNG, **RUNNING}),
}
