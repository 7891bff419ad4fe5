"""Windows Firewall: what is in force outranks what is configured, and no store is mistaken."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from agent.checks.firewall.netsh import parse_profiles
from agent.checks.firewall.windows import observe
from agent.host import CannotTell, Denied, NotRecorded, RegistryValue, Row, ToolMissing
from agent.observation import Seen
from agent.observation import observe as observation_of
from collector.model import Status
from collector.policy import default_text, load
from collector.policy.judging import evaluate
from protos.posture.v1.device_pb2 import Inventory, Platform
from protos.posture.v1.posture_service_pb2 import Posture
from protos.posture.v1.signals_pb2 import Firewall, InboundDefault, UnknownReason
from tests.fakes import Answer, FakeHost

GROUP_POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall"
LOCAL = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
RUNNING = ({"Name": "MpsSvc", "State": "Running"}, {"Name": "BFE", "State": "Running"})
LOCALLY_ON = {
    f"{LOCAL}\\{profile}\\EnableFirewall": 1
    for profile in ("DomainProfile", "StandardProfile", "PublicProfile")
}
NO_STORE = NotRecorded("MSFT_NetFirewallProfile was not recorded")


def profile(name: str, **more: object) -> Row:
    return {
        "Name": name,
        "Enabled": 1,
        "DefaultInboundAction": 4,
        "AllowLocalFirewallRules": 1,
        "DisabledInterfaceAliases": None,
        **more,
    }


def store(**public: object) -> list[Row]:
    return [profile("Domain"), profile("Private"), profile("Public", **public)]


def windows(
    profiles: Sequence[Row] | CannotTell = NO_STORE,
    *,
    services: Sequence[Row] | CannotTell = RUNNING,
    values: Mapping[str, RegistryValue | CannotTell] | None = None,
    commands: Mapping[str, Answer] | None = None,
    files: Mapping[str, str] | None = None,
    **rows: Sequence[Row],
) -> FakeHost:
    both = {"MSFT_NetFirewallProfile": profiles, "Win32_Service": services, **rows}
    return FakeHost(
        os="windows", rows=both, values=values or {}, commands=commands or {}, files=files or {}
    )


def firewall(host: FakeHost) -> Firewall:
    value = observe(host).value
    assert isinstance(value, Firewall)
    return value


def said(host: FakeHost) -> dict[str, str]:
    """Each scope in a word; in brackets when it is out of use."""
    names = {}
    for scope in firewall(host).scopes:
        inbound = InboundDefault.Name(scope.inbound)[16:].lower()
        word = inbound if scope.HasField("inbound") else "-"
        names[scope.name] = word if scope.in_use else f"({word})"
    return names


def status(host: FakeHost) -> Status:
    """What the collector makes of it."""
    inventory = Inventory(platform=Platform.PLATFORM_WINDOWS)
    posture = Posture(inventory=inventory, observations=[observation_of("firewall", observe, host)])
    policy = load(default_text(), "policy.toml")
    judged = evaluate(policy, posture, datetime(2026, 11, 22, tzinfo=UTC), {})
    return next(j.verdict.status for j in judged if j.rule.id == "firewall_blocks_inbound")


def gaps(seen: Seen) -> dict[str, int]:
    return {gap.field: gap.reason for gap in seen.gaps}


def test_three_profiles_that_are_on_and_block_pass() -> None:
    host = windows(store())
    assert said(host) == {"domain": "blocked", "private": "blocked", "public": "blocked"}
    assert status(host) is Status.PASS


def test_the_active_store_alone_is_believed_though_no_service_was_seen() -> None:
    assert status(windows(store(), services=NotRecorded("no"))) is Status.PASS


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        ({"Enabled": 0}, "allowed"),
        ({"Enabled": "False"}, "allowed"),
        ({"Enabled": False}, "allowed"),
        ({"DefaultInboundAction": 2}, "allowed"),
        ({"DefaultInboundAction": 0}, "blocked"),
        ({"DefaultInboundAction": "NotConfigured"}, "blocked"),
        ({"DefaultInboundAction": None}, "-"),
        ({"DefaultInboundAction": 3}, "-"),
        ({"Enabled": 7}, "-"),
        ({"Enabled": "Wahr"}, "-"),
        ({"DisabledInterfaceAliases": ["Wi-Fi"]}, "allowed"),
        ({"DisabledInterfaceAliases": "Wi-Fi"}, "allowed"),
        ({"DisabledInterfaceAliases": ["NotConfigured"]}, "blocked"),
        ({"AllowInboundRules": 0}, "blocked"),
    ],
)
def test_what_a_profile_does_with_new_inbound_traffic(
    setting: dict[str, object], word: str
) -> None:
    assert said(windows(store(**setting)))["public"] == word


def test_not_configured_is_not_off() -> None:
    """The store says that it does not decide; then the registry does."""
    host = windows(store(Enabled=2), values=LOCALLY_ON)
    assert said(host)["public"] == "blocked"
    assert said(windows(store(Enabled=2)))["public"] == "-"


@pytest.mark.parametrize("service", ["mpssvc", "BFE"])
def test_a_stopped_service_lets_everything_in_whatever_is_configured(service: str) -> None:
    services = [
        {**row, "State": "Stopped"} if row["Name"].lower() == service.lower() else row
        for row in RUNNING
    ]
    host = windows(store(), services=services, values=LOCALLY_ON)
    assert set(said(host).values()) == {"allowed"}
    assert status(host) is Status.FAIL


@pytest.mark.parametrize(("policy", "store_says"), [(0, 1), (1, 0)])
def test_a_store_that_contradicts_group_policy_is_disputed(policy: int, store_says: int) -> None:
    values = {f"{GROUP_POLICY}\\PublicProfile\\EnableFirewall": policy}
    seen = observe(windows(store(Enabled=store_says), values=values))
    conflicting = UnknownReason.UNKNOWN_REASON_CONFLICTING_SOURCES
    assert gaps(seen) == {"scopes[public].inbound": conflicting}


def test_local_settings_alone_are_configured_and_not_in_force() -> None:
    host = windows(services=NotRecorded("no"), values=LOCALLY_ON)
    assert set(said(host).values()) == {"-"}
    assert status(host) is Status.UNKNOWN
    assert "on in local settings" in firewall(host).managers[0].state


def test_local_settings_pass_where_services_run_and_no_policy_is_above() -> None:
    host = windows(values=LOCALLY_ON)
    assert set(said(host).values()) == {"blocked"}


def test_local_settings_do_not_pass_where_the_policy_above_was_not_seen() -> None:
    hidden = {f"{GROUP_POLICY}\\PublicProfile\\EnableFirewall": Denied("denied")}
    assert said(windows(values={**LOCALLY_ON, **hidden}))["public"] == "-"


def test_a_recording_of_local_settings_and_running_services_is_believed_in_full_only() -> None:
    """As Get-NetFirewallProfile without a store shows them; live, policy keys always answer."""
    policies = {
        f"{key}\\{name}Profile\\{value}": NotRecorded("no")
        for key in (GROUP_POLICY, f"{LOCAL}\\Mdm")
        for name in ("Domain", "Private", "Standard", "Public")
        for value in ("EnableFirewall", "DefaultInboundAction")
    }
    assert status(windows(values={**LOCALLY_ON, **policies})) is Status.PASS
    half = {f"{LOCAL}\\PublicProfile\\DefaultInboundAction": NotRecorded("no")}
    assert status(windows(values={**LOCALLY_ON, **policies, **half})) is Status.UNKNOWN
    unseen = windows(values={**LOCALLY_ON, **policies}, services=NotRecorded("no"))
    assert status(unseen) is Status.UNKNOWN


def test_local_settings_that_are_off_fail() -> None:
    host = windows(services=NotRecorded("no"), values=dict.fromkeys(LOCALLY_ON, 0))
    assert status(host) is Status.FAIL


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        (f"{GROUP_POLICY}\\PublicProfile", {"EnableFirewall": 0}, "allowed"),
        (f"{GROUP_POLICY}\\StandardProfile", {"EnableFirewall": 0}, "allowed"),
        (f"{LOCAL}\\Mdm\\PublicProfile", {"EnableFirewall": 0}, "allowed"),
        (f"{GROUP_POLICY}\\PublicProfile", {"DefaultInboundAction": 0}, "allowed"),
        (f"{LOCAL}\\PublicProfile", {"DefaultInboundAction": 0}, "allowed"),
        (f"{LOCAL}\\PublicProfile", {"DefaultInboundAction": 1}, "blocked"),
        (f"{LOCAL}\\PublicProfile", {"DefaultInboundAction": "1"}, "-"),
        (f"{LOCAL}\\PublicProfile", {"DisabledInterfaces": "{1-2-3}"}, "allowed"),
        (f"{LOCAL}\\PublicProfile", {"DisabledInterfaces": ""}, "blocked"),
    ],
)
def test_the_registry_is_read_policy_first(
    key: str, value: dict[str, RegistryValue], word: str
) -> None:
    values = {**LOCALLY_ON, **{f"{key}\\{name}": told for name, told in value.items()}}
    assert said(windows(values=values))["public"] == word


def test_who_switched_it_off_is_named() -> None:
    policy: dict[str, RegistryValue] = {f"{GROUP_POLICY}\\PublicProfile\\EnableFirewall": 0}
    managers = {
        m.name: m.state for m in firewall(windows(store(Enabled=0), values=policy)).managers
    }
    assert managers["group policy"] == "public off"
    assert "public off by group policy" in managers["Windows Firewall"]
    assert "group policy" not in {m.name for m in firewall(windows(store(Enabled=0))).managers}


def test_group_policy_switches_on_what_is_off_locally() -> None:
    values = {
        **dict.fromkeys(LOCALLY_ON, 0),
        f"{GROUP_POLICY}\\PublicProfile\\EnableFirewall": 1,
    }
    assert said(windows(values=values))["public"] == "blocked"


def test_a_registry_without_a_word_is_not_taken_for_the_default() -> None:
    with pytest.raises(NotRecorded):
        observe(windows())


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (0x041000, "blocked"),
        (0x043000, None),
        (0x042000, None),
        (0x040000, None),
        ("262160", None),
    ],
)
def test_another_makers_firewall_counts_only_when_its_state_is_on(
    state: object, word: str | None
) -> None:
    product = {"displayName": "Guard", "productState": state}
    host = windows(store(Enabled=0), FirewallProduct=[product])
    assert said(host).get("third-party: Guard") == word
    assert said(host)["public"] == ("(allowed)" if word else "allowed")
    assert status(host) is (Status.PASS if word else Status.FAIL)


def test_a_removed_firewall_that_is_still_listed_does_not_count() -> None:
    product = {
        "displayName": "Guard",
        "productState": 0x041000,
        "pathToSignedProductExe": "C:\\Program Files\\Guard\\guard.exe",
    }
    assert status(windows(store(Enabled=0), FirewallProduct=[product])) is Status.FAIL
    there = {"C:\\Program Files\\Guard\\guard.exe": "MZ"}
    host = windows(store(Enabled=0), FirewallProduct=[product], files=there)
    assert status(host) is Status.PASS


def test_another_makers_firewall_stands_aside_where_windows_own_blocks() -> None:
    product = {"displayName": "Guard", "productState": 0x041000}
    host = windows(store(), FirewallProduct=[product])
    assert list(said(host)) == ["domain", "private", "public"]


@pytest.mark.parametrize(
    ("joined", "category", "expected"),
    [(False, 1, "(allowed)"), (True, 1, "allowed"), (False, 2, "allowed"), (None, 1, "allowed")],
)
def test_the_domain_profile_is_out_of_use_only_without_a_domain(
    joined: bool | None, category: int, expected: str
) -> None:
    profiles = [profile("Domain", Enabled=0), profile("Private"), profile("Public")]
    host = windows(
        profiles,
        Win32_ComputerSystem=[{"PartOfDomain": joined}],
        MSFT_NetConnectionProfile=[{"NetworkCategory": category}],
    )
    assert said(host)["domain"] == expected


@pytest.mark.parametrize("off", ["Private", "Public"])
def test_a_profile_without_a_network_counts_because_it_guards_the_next_one(off: str) -> None:
    names = ("Domain", "Private", "Public")
    host = windows(
        [profile(name, Enabled=int(name != off)) for name in names],
        MSFT_NetConnectionProfile=[{"NetworkCategory": 1}],
        Win32_ComputerSystem=[{"PartOfDomain": False}],
    )
    assert status(host) is Status.FAIL


def test_a_profile_that_the_store_does_not_list_is_unknown() -> None:
    host = windows(store()[:2])
    assert said(host)["public"] == "-"
    assert status(host) is Status.UNKNOWN


def test_a_profile_listed_twice_and_not_alike_is_unknown() -> None:
    assert said(windows([*store(), profile("Public", Enabled=0)]))["public"] == "-"


def test_profiles_are_known_by_their_instance_where_they_have_no_name() -> None:
    rows = [
        {**row, "Name": None, "InstanceID": f"MSFT|FW|FirewallProfile|{row['Name']}"}
        for row in store()
    ]
    assert set(said(windows(rows)).values()) == {"blocked"}


def test_access_denied_is_the_reason() -> None:
    with pytest.raises(Denied):
        observe(windows(Denied("denied"), services=Denied("denied")))


NETSH = """
Domain Profile Settings:
----------------------------------------------------------------------
State                                 OFF
Firewall Policy                       BlockInbound,AllowOutbound
LocalFirewallRules                    N/A (GPO-store only)

Private Profile Settings:
----------------------------------------------------------------------
State                                 ON
Firewall Policy                       AllowInbound,AllowOutbound

Public Profile Settings:
----------------------------------------------------------------------
State                                 ON
Firewall Policy                       BlockInbound,AllowOutbound
"""


def test_netsh_stands_in_for_local_settings_and_gpo_store_only_is_no_policy() -> None:
    host = windows(commands={"netsh advfirewall show allprofiles": NETSH})
    assert said(host) == {"domain": "allowed", "private": "allowed", "public": "blocked"}
    assert firewall(host).managers[0].state == (
        "domain off in netsh advfirewall, private on, allows inbound, public on"
    )


def test_netsh_in_another_language_says_nothing() -> None:
    german = NETSH.replace("State ", "Status").replace("OFF", "AUS").replace("ON", "EIN")
    assert parse_profiles(german) == {}
    translated = NETSH.replace("Profile Settings:", "profil-Einstellungen:")
    assert parse_profiles(translated) == {}


def test_a_system_without_powershell_and_registry_is_unknown() -> None:
    with pytest.raises(ToolMissing):
        observe(FakeHost(os="windows"))
