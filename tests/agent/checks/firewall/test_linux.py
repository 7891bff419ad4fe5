"""The whole check on a fake machine: who is asked, what is refused, and what stays unknown."""

import json
from dataclasses import dataclass, field

import pytest

from agent.checks.firewall import linux
from agent.host import (
    Denied,
    NotApplicableHere,
    Output,
    Sandboxed,
    TimedOut,
    ToolMissing,
    Unparsable,
)
from protos.posture.v1.signals_pb2 import UnknownReason
from tests.agent.checks.firewall.rulesets import (
    ACCEPT,
    ETH0,
    JSON,
    answer,
    host,
    meta,
    payload,
    ruleset,
    seen_on,
)
from tests.fakes import FakeHost

EMPTY: dict[str, object] = {"nftables": [{"metainfo": {}}]}
REFUSED = "Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed"
UNPRIVILEGED = "Name:\tmuster\nCapEff:\t0000000000000000\n"
ROOT = "Name:\tmuster\nCapEff:\t000001ffffffffff\n"
LEGACY_DROP = "*filter\n:INPUT DROP [15:745]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n"
NF_TABLES = "iptables v1.8.9 (nf_tables)\n"
LEGACY = "iptables v1.8.7 (legacy)\n"
XT_DROP = ruleset(
    [{"xt": {"type": "match", "name": "conntrack"}}, {"drop": None}],
    policy="accept",
    family="ip",
    table={"name": "filter"},
)
for part in XT_DROP["nftables"][2:]:
    next(iter(part.values()))["table"] = "filter"
XT_DROP["nftables"][2]["chain"]["name"] = "INPUT"
XT_DROP["nftables"][3]["rule"]["chain"] = "INPUT"


@dataclass
class WatchedHost(FakeHost):
    """Takes down which commands were asked for."""

    asked: list[str] = field(default_factory=list)

    def run(self, *argv: str, **how: object) -> Output:
        self.asked.append(" ".join(argv))
        return super().run(*argv, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "printed",
    [
        Output("", REFUSED, 1),
        Output("", REFUSED, 0),
        Output(json.dumps(EMPTY), REFUSED, 0),
        Output("", "Permission denied", 4),
        Denied("nft may not be run by this account"),
    ],
)
def test_an_account_that_may_not_see_rules_is_never_told_there_are_none(
    printed: Output | Denied,
) -> None:
    with pytest.raises(Denied):
        linux.observe(host(printed))


def test_an_empty_ruleset_is_not_believed_without_the_right_to_see_rules() -> None:
    with pytest.raises(Denied):
        linux.observe(host(EMPTY, None, **{"/proc/self/status": UNPRIVILEGED}))
    assert answer(EMPTY, **{"/proc/self/status": ROOT}) == ["allowed", "allowed"]


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (Output("", "", 0), UnknownReason.UNKNOWN_REASON_UNPARSABLE),
        (Output('{"nftables": [{"metainfo"', "", 0), UnknownReason.UNKNOWN_REASON_UNPARSABLE),
        (Output("", "Error: JSON support not compiled-in", 1), 4),
        (TimedOut("nft gave no answer in 5 s"), UnknownReason.UNKNOWN_REASON_TIMED_OUT),
    ],
)
def test_a_ruleset_that_cannot_be_read_leaves_only_what_the_manager_says(
    printed: Output | TimedOut, reason: int
) -> None:
    active = "Status: active\nDefault: deny (incoming), allow (outgoing), disabled (routed)\n"
    value, seen = seen_on(
        host(printed, {"ufw status verbose": active}, **{"/etc/ufw/ufw.conf": "ENABLED=yes\n"})
    )
    assert [(m.name, m.state) for m in value.managers] == [("ufw", "active, deny (incoming)")]
    assert not any(scope.HasField("inbound") for scope in value.scopes)
    gaps = {gap.field: gap.reason for gap in seen.gaps}
    assert gaps["scopes[ipv4].inbound"] == gaps["scopes[ipv6].inbound"] == reason
    assert "openings" in gaps
    assert not value.openings


def test_with_nothing_to_go_by_at_all_the_whole_signal_is_unknown() -> None:
    with pytest.raises(ToolMissing):
        linux.observe(host(ToolMissing("nft is not installed")))
    with pytest.raises(Unparsable):
        linux.observe(host("{"))


@pytest.mark.parametrize("printed", ["docker\n", "podman\n", "wsl\n"])
def test_a_container_has_no_firewall_of_its_own(printed: str) -> None:
    with pytest.raises(NotApplicableHere, match=printed.strip()):
        linux.observe(host(EMPTY, {"systemd-detect-virt": printed}))


@pytest.mark.parametrize(
    "files",
    [{"/.dockerenv": ""}, {"/proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2"}],
)
def test_a_container_is_known_by_its_marks(files: dict[str, str]) -> None:
    with pytest.raises(NotApplicableHere):
        linux.observe(host(EMPTY, None, **files))


def test_a_virtual_machine_is_no_container() -> None:
    none = Output("none\n", "", 1)
    assert answer(EMPTY, answers={"systemd-detect-virt": none}) == ["allowed", "allowed"]


@pytest.mark.parametrize(("first", "hidden"), [("net:[1]", False), ("net:[2]", True)])
def test_rules_of_another_network_namespace_are_not_the_hosts(first: str, hidden: bool) -> None:
    machine = host(EMPTY)
    machine.links = {"/proc/self/ns/net": "net:[1]", "/proc/1/ns/net": first}
    if hidden:
        with pytest.raises(Sandboxed):
            linux.observe(machine)
    else:
        assert len(seen_on(machine)[0].scopes) == 2


def test_legacy_rules_guard_where_the_kernel_lists_them() -> None:
    commands = {"iptables -V": NF_TABLES, "iptables-legacy-save": LEGACY_DROP}
    files = {"/proc/net/ip_tables_names": "filter\n"}
    assert answer(EMPTY, answers=commands, **files) == ["blocked", "allowed"]
    value, _ = seen_on(host(EMPTY, commands, **files))
    assert [m.name for m in value.managers] == ["iptables"]
    assert value.managers[0].state.startswith("legacy")


def test_legacy_rules_that_nothing_can_list_leave_the_answer_open() -> None:
    files = {"/proc/net/ip_tables_names": "filter\n"}
    _, seen = seen_on(host(EMPTY, {"iptables -V": NF_TABLES}, **files))
    gap = next(gap for gap in seen.gaps if gap.field == "scopes[ipv4].inbound")
    assert gap.reason == UnknownReason.UNKNOWN_REASON_TOOL_MISSING
    assert answer(ruleset(), **files) == ["blocked", "blocked"]


@pytest.mark.parametrize("names", [None, "nat\n"])
@pytest.mark.parametrize("version", [NF_TABLES, LEGACY])
def test_asking_never_creates_what_is_not_there(names: str | None, version: str) -> None:
    files = {"/proc/net/if_inet6": "", "/etc/ufw/ufw.conf": "ENABLED=no\n"}
    files |= {"/proc/net/ip_tables_names": names} if names else {}
    machine = WatchedHost(commands={JSON: json.dumps(EMPTY), "iptables -V": version}, files=files)
    linux.observe(machine)
    assert not [line for line in machine.asked if "-save" in line or line.startswith("ufw")]


def test_rules_of_iptables_are_read_where_they_are_whole() -> None:
    reject = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j REJECT\nCOMMIT\n"
    commands = {"iptables -V": NF_TABLES, "iptables-save": reject}
    assert answer(XT_DROP, answers=commands) == ["blocked", "allowed"]
    assert answer(XT_DROP, answers={"iptables -V": NF_TABLES}) == ["unknown", "allowed"]


def test_what_nft_added_to_a_table_of_iptables_is_not_read_halved() -> None:
    """iptables 1.8.7 shows a rule with a set of nft's without that set."""
    bad = payload("ip", "saddr", "@bad")
    added = {"family": "ip", "table": "filter", "chain": "INPUT", "expr": [bad, {"drop": None}]}
    named = {"family": "ip", "table": "filter", "name": "bad", "elem": ["192.0.2.1"]}
    of = {"family": "ip", "table": "filter"}
    chain = {**of, "name": "INPUT", "type": "filter", "hook": "input", "prio": 0}
    dump = {"nftables": [{"table": {"family": "ip", "name": "filter"}}, {"set": named}]}
    dump["nftables"] += [{"chain": {**chain, "policy": "accept"}}, {"rule": added}]
    halved = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j DROP\nCOMMIT\n"
    commands = {"iptables -V": NF_TABLES, "iptables-save": halved}
    assert answer(dump, answers=commands) == ["allowed", "allowed"]


def test_rules_of_iptables_are_not_asked_of_the_legacy_program() -> None:
    harmless = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    whole = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
    commands = {"iptables -V": LEGACY, "iptables-save": harmless, "iptables-nft-save": whole}
    assert answer(XT_DROP, answers=commands) == ["blocked", "allowed"]


def test_without_nft_only_a_refusal_is_sure() -> None:
    missing = ToolMissing("nft is not installed")
    drop = {"iptables -V": NF_TABLES, "iptables-save": LEGACY_DROP, "ip6tables-save": LEGACY_DROP}
    assert answer(missing, answers=drop) == ["blocked", "blocked"]
    open_ = dict.fromkeys(drop, "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n")
    open_["iptables -V"] = NF_TABLES
    assert answer(missing, answers=open_) == ["unknown", "unknown"]


def test_without_nft_and_without_its_module_the_legacy_rules_are_everything() -> None:
    missing, files = ToolMissing("nft is not installed"), {"/proc/modules": "ext4 1 2 - Live 0x0\n"}
    commands = {"iptables -V": "iptables v1.4.21\n", "iptables-save": LEGACY_DROP}
    assert answer(missing, answers=commands, **files) == ["allowed", "allowed"]
    files["/proc/net/ip_tables_names"] = "filter\n"
    assert answer(missing, answers=commands, **files) == ["blocked", "allowed"]


def test_ipv6_that_only_the_loopback_has_is_not_in_use() -> None:
    value, _ = seen_on(host(EMPTY, None, **{"/proc/net/if_inet6": "00 01 80 10 80 lo\n"}))
    assert [(scope.name, scope.in_use) for scope in value.scopes] == [
        ("ipv4", True),
        ("ipv6", False),
    ]
    assert {opening.scope for opening in value.openings} == {"ipv4"}


def test_every_interface_has_to_be_guarded() -> None:
    wlan0 = {**ETH0, "ifname": "wlan0"}
    dump = ruleset([meta("iifname", "wlan0"), ACCEPT])
    assert answer(dump) == ["blocked", "blocked"]
    both = {"ip -j addr": json.dumps([ETH0, wlan0])}
    assert answer(dump, answers=both) == ["allowed", "allowed"]


@pytest.mark.parametrize(
    "row",
    [
        {**ETH0, "ifname": "docker0"},
        {**ETH0, "ifname": "wlan0", "flags": ["BROADCAST"]},
        {**ETH0, "ifname": "eth1", "master": "br0"},
        {**ETH0, "ifname": "lo", "flags": ["LOOPBACK", "UP"]},
    ],
)
def test_interfaces_that_lead_nowhere_outside_are_left_out(row: dict[str, object]) -> None:
    dump = ruleset([meta("iifname", row["ifname"]), ACCEPT])
    assert answer(dump, answers={"ip -j addr": json.dumps([ETH0, row])}) == ["blocked", "blocked"]
    only = json.dumps([{**ETH0, "ifname": "tun0"}])
    assert answer(ruleset([meta("iifname", "tun0"), ACCEPT]), answers={"ip -j addr": only}) == [
        "allowed",
        "allowed",
    ]


def test_a_bridge_over_a_network_card_leads_outside_whatever_its_name() -> None:
    dump = ruleset([meta("iifname", "br-lan"), ACCEPT])
    card = {"ifname": "eno1", "flags": ["UP"], "master": "br-lan", "addr_info": []}
    bridge = {**ETH0, "ifname": "br-lan"}
    bridged = {"ip -j addr": json.dumps([{**ETH0, "ifname": "wlan0"}, card, bridge])}
    assert answer(dump, answers=bridged) == ["allowed", "allowed"]
    veth = {"ip -j addr": json.dumps([ETH0, {**card, "ifname": "veth1a2b"}, bridge])}
    assert answer(dump, answers=veth) == ["blocked", "blocked"]


def test_without_interfaces_a_rule_for_one_is_in_doubt() -> None:
    gone = {"ip -j addr": ToolMissing("ip is not installed")}
    dump = ruleset([meta("iifname", "eth0"), ACCEPT])
    assert answer(dump, answers=gone) == ["unknown", "unknown"]
    assert answer(ruleset([meta("iifname", "lo"), ACCEPT]), answers=gone) == ["blocked", "blocked"]
    sysfs = {"/sys/class/net/eth0/flags": "0x1003\n", "/sys/class/net/lo/flags": "0x9\n"}
    assert answer(dump, answers=gone, **sysfs) == ["allowed", "allowed"]


def test_more_openings_than_fit_are_cut_and_named() -> None:
    rules = [[payload("tcp", "dport", port), ACCEPT] for port in range(1, 400, 2)]
    value, seen = seen_on(host(ruleset(*rules)))
    assert len(value.openings) == 2 * linux.MOST_OPENINGS
    assert [gap.field for gap in seen.gaps] == ["openings"]


def test_more_networks_than_are_tried_are_named() -> None:
    rules = [[payload("ip", "saddr", f"10.9.{n}.1"), ACCEPT] for n in range(100)]
    _, seen = seen_on(host(ruleset(*rules)))
    assert [gap.field for gap in seen.gaps] == ["openings"]


@pytest.mark.parametrize(
    ("output", "state"),
    [
        (Output("running\n", "", 0), "running"),
        (Output("", "not running\n", 252), "not running"),
        (Output("", "Error: DBUS_ERROR", 36), "not running"),
    ],
)
def test_firewalld_speaks_for_itself_and_decides_nothing(output: Output, state: str) -> None:
    value, _ = seen_on(host(EMPTY, {"firewall-cmd --state": output}))
    assert [(m.name, m.state) for m in value.managers] == [("firewalld", state)]
    assert answer(EMPTY, answers={"firewall-cmd --state": output}) == ["allowed", "allowed"]


def test_where_a_part_was_not_seen_nobody_is_said_to_manage_nothing() -> None:
    commands = {"iptables -V": NF_TABLES, "iptables-save": "", "ip6tables-save": ""}
    value, _ = seen_on(host(ToolMissing("nft is not installed"), answers=commands))
    assert not value.managers
    assert not any(scope.HasField("inbound") for scope in value.scopes)


def test_no_rules_and_no_manager_is_said_so() -> None:
    value, _ = seen_on(host(EMPTY))
    assert [m.name for m in value.managers] == ["none"]
