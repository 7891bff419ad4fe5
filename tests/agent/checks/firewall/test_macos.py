"""firewall on macOS: the state that is in force, never what a file or a profile says should be."""

import json
import plistlib
from collections.abc import Mapping

import pytest

from agent.checks.firewall import macos
from agent.host import CannotTell, Denied, ToolMissing
from agent.observation import observe
from protos.posture.v1.signals_pb2 import InboundDefault, Observation, UnknownReason
from tests.fakes import Answer, FakeHost

TOOL = "socketfilterfw --getglobalstate"
PROFILER = "system_profiler -json SPFirewallDataType"
ALF = "/Library/Preferences/com.apple.alf.plist"
LEFTOVER = "/usr/libexec/ApplicationFirewall/com.apple.alf.plist"
ON = "Firewall is enabled. (State = 1) \n"
OFF = "Firewall is disabled. (State = 0)\n"
ALL = "Firewall is blocking all non-essential incoming connections. (State = 2)\n"
BLOCKED = InboundDefault.INBOUND_DEFAULT_BLOCKED
ALLOWED = InboundDefault.INBOUND_DEFAULT_ALLOWED


def profiled(mode: str) -> str:
    item = {"_name": "spfirewall_settings", "spfirewall_globalstate": f"spfirewall_{mode}"}
    return json.dumps({"SPFirewallDataType": [item]})


LIMITS = profiled("globalstate_limit_connections")
ALLOWS = profiled("globalstate_allow_all")


def mac(
    commands: Mapping[str, Answer], files: Mapping[str, bytes | str | CannotTell] | None = None
) -> FakeHost:
    return FakeHost(os="macos", commands=commands, files=files or {})


def look(host: FakeHost) -> Observation:
    return observe("firewall", macos.observe, host)


def inbound(seen: Observation) -> int:
    (scope,) = seen.firewall.scopes
    assert scope.name == "application"
    return scope.inbound


@pytest.mark.parametrize(("said", "expected"), [(ON, BLOCKED), (ALL, BLOCKED), (OFF, ALLOWED)])
def test_the_number_decides_and_state_2_is_on_without_the_word_enabled(
    said: str, expected: InboundDefault.ValueType
) -> None:
    seen = look(mac({TOOL: said}))
    assert inbound(seen) == expected
    assert not seen.gaps


@pytest.mark.parametrize("said", ["", "Firewall is enabled.\n", "(State = 3)\n", ON + OFF])
def test_words_without_a_known_number_say_nothing(said: str) -> None:
    seen = look(mac({TOOL: said}))
    assert seen.unknown.reason == UnknownReason.UNKNOWN_REASON_UNPARSABLE


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("globalstate_allow_all", ALLOWED),
        ("globalstate_limit_connections", BLOCKED),
        ("globalstate_block_all", BLOCKED),
    ],
)
def test_system_profiler_answers_where_the_tool_does_not(
    mode: str, expected: InboundDefault.ValueType
) -> None:
    assert inbound(look(mac({PROFILER: profiled(mode)}))) == expected


def test_the_text_of_system_profiler_is_the_last_form() -> None:
    text = "Firewall:\n\n    Firewall Settings:\n\n      Mode: {}\n      Stealth Mode: No\n"
    on = text.format("Limit incoming connections to specific services and applications")
    assert inbound(look(mac({"system_profiler SPFirewallDataType": on}))) == BLOCKED
    off = text.format("Allow all incoming connections")
    assert inbound(look(mac({"system_profiler SPFirewallDataType": off}))) == ALLOWED


def test_witnesses_that_disagree_are_not_believed() -> None:
    seen = look(mac({TOOL: ON, PROFILER: ALLOWS}))
    assert inbound(seen) == InboundDefault.INBOUND_DEFAULT_UNSPECIFIED
    assert seen.gaps[0].reason == UnknownReason.UNKNOWN_REASON_CONFLICTING_SOURCES


def test_on_and_blocking_all_is_no_disagreement() -> None:
    assert inbound(look(mac({TOOL: ALL, PROFILER: LIMITS}))) == BLOCKED


def alf(state: int) -> bytes:
    return plistlib.dumps({"globalstate": state, "stealthenabled": 0})


def test_the_file_counts_before_macos_15() -> None:
    version = "ProductVersion:\t14.8.7\n"
    assert inbound(look(mac({"sw_vers": version}, {ALF: alf(0)}))) == ALLOWED
    assert inbound(look(mac({"sw_vers": version}, {ALF: alf(1)}))) == BLOCKED


@pytest.mark.parametrize("version", ["15.0", "15.7.7", "26.0", "26.5.1", "27.0"])
@pytest.mark.parametrize("path", [ALF, LEFTOVER])
def test_a_leftover_file_says_nothing_from_macos_15_on(version: str, path: str) -> None:
    seen = look(mac({"sw_vers": f"ProductVersion:\t{version}\n"}, {path: alf(1)}))
    assert seen.WhichOneof("outcome") == "unknown"


def test_the_file_of_an_unknown_release_says_nothing() -> None:
    assert look(mac({}, {ALF: alf(1)})).WhichOneof("outcome") == "unknown"


def test_the_tool_outranks_the_file() -> None:
    host = mac({"sw_vers": "ProductVersion:\t14.1\n", TOOL: OFF}, {ALF: alf(1)})
    assert inbound(look(host)) == ALLOWED


def test_a_profile_that_requires_the_firewall_does_not_say_that_it_is_on() -> None:
    files: dict[str, bytes | str | CannotTell] = {
        macos.MANAGED_FILE: plistlib.dumps({"EnableFirewall": True})
    }
    seen = look(mac({}, files))
    assert inbound(seen) == InboundDefault.INBOUND_DEFAULT_UNSPECIFIED
    assert seen.gaps[0].field == "scopes[application].inbound"
    assert seen.firewall.managers[0].state == "requires the firewall to be on"
    seen = look(mac({TOOL: OFF}, files))
    assert inbound(seen) == ALLOWED
    assert [m.name for m in seen.firewall.managers] == ["application firewall", "device management"]


def test_the_profile_is_also_read_from_system_profiler() -> None:
    text = (
        "com.apple.security.firewall:\n    EnableLogging:\n     Value: 0\n     State: always\n"
        "    EnableFirewall:\n     Value: 1\n     State: always\n"
    )
    told = {"system_profiler SPManagedClientDataType": text}
    seen = look(mac(told, {macos.MANAGED_FILE: Denied("no")}))
    assert seen.firewall.managers[0].state == "requires the firewall to be on"


def test_mdmclient_is_asked_last() -> None:
    said = "FirewallSettings =     {\n    BlockAllIncoming = 0;\n    FirewallEnabled = 1;\n};\n"
    assert inbound(look(mac({"mdmclient QuerySecurityInfo": said}))) == BLOCKED


@pytest.mark.parametrize(
    ("stealth", "block", "state"),
    [
        ("Stealth mode enabled\n", "Block all DISABLED! \n", "on, stealth mode on, block all off"),
        (
            "Firewall stealth mode is off\n",
            "Firewall has block all state set to disabled.\n",
            "on, stealth mode off, block all off",
        ),
        ("ALF: Error, kStealthEnableKey not found\n", "", "on"),
    ],
)
def test_both_wordings_of_the_other_flags(stealth: str, block: str, state: str) -> None:
    commands: dict[str, Answer] = {
        TOOL: ON,
        "socketfilterfw --getstealthmode": stealth,
        "socketfilterfw --getblockall": block,
    }
    seen = look(mac(commands))
    assert seen.firewall.managers[0].state == state
    assert inbound(seen) == BLOCKED


def test_pf_stands_beside_and_never_for_the_firewall() -> None:
    said = "Status: Enabled for 0 days 00:10:21           Debug: Urgent\n"
    seen = look(mac({TOOL: OFF, "pfctl -s info": said}))
    assert inbound(seen) == ALLOWED
    assert seen.firewall.managers[1].state == "enabled"
    assert look(mac({"pfctl -s info": said})).firewall.scopes[0].inbound == 0


def test_a_list_of_applications_alone_says_nothing() -> None:
    host = mac({"socketfilterfw --listapps": "Total number of apps = 9\n", TOOL: ToolMissing("")})
    assert look(host).WhichOneof("outcome") == "unknown"
