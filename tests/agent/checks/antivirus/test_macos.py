"""antivirus on macOS: XProtect as far as it can be told, and the words of other products."""

import json
import plistlib
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from agent.checks.antivirus import macos
from agent.checks.antivirus.mac_products import falcon_of, sentinelone_of
from agent.checks.antivirus.xprotect import BUNDLES
from agent.host import CannotTell, Denied, NotRecorded, Output, Unparsable
from agent.macos import extensions
from agent.observation import observe
from protos.posture.v1.signals_pb2 import AntivirusProduct, Observation, UnknownReason
from tests.fakes import Answer, FakeHost

NEW, OLD = (f"{bundle}/Contents/Info.plist" for bundle in BUNDLES)
RULES = f"{BUNDLES[0]}/Contents/Resources/XProtect.meta.plist"
UPDATES = "/Library/Preferences/com.apple.SoftwareUpdate.plist"
BUILT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
Files = Mapping[str, bytes | str | CannotTell]
SOUND: dict[str, Answer] = {
    "csrutil status": "System Integrity Protection status: enabled.\n",
    "spctl --status": "assessments enabled\n",
    "systemextensionsctl list": "0 extension(s)\n",
}


def info(version: str) -> bytes:
    return plistlib.dumps({"CFBundleShortVersionString": version})


def mac(files: Files, commands: Mapping[str, Answer] = SOUND) -> FakeHost:
    return FakeHost(
        os="macos",
        commands=commands,
        files={"/Library/LaunchDaemons/x.plist": "", **files},
        modified={NEW: BUILT, OLD: BUILT.replace(year=2024)},
    )


def look(host: FakeHost) -> Observation:
    return observe("antivirus", macos.observe, host)


def products(seen: Observation) -> dict[str, AntivirusProduct]:
    return {product.name: product for product in seen.antivirus.products}


def gaps(seen: Observation) -> dict[str, UnknownReason.ValueType]:
    return {gap.field: gap.reason for gap in seen.gaps}


def test_xprotect_guards_where_nothing_keeps_it_from_working() -> None:
    seen = look(mac({NEW: info("5297")}))
    found = products(seen)["XProtect"]
    assert (found.running, found.real_time) == (True, True)
    assert (found.version, found.definitions_version) == ("5297", "5297")
    assert found.definitions_at.ToDatetime(UTC) == BUILT
    assert not seen.gaps


def test_of_two_copies_the_higher_version_counts_as_a_number() -> None:
    found = products(look(mac({NEW: info("5297"), OLD: info("980")})))["XProtect"]
    assert (found.version, found.definitions_at.ToDatetime(UTC)) == ("5297", BUILT)
    found = products(look(mac({NEW: info("980"), OLD: info("5297")})))["XProtect"]
    assert found.definitions_at.ToDatetime(UTC).year == 2024


def test_before_macos_15_only_the_old_place_is_there() -> None:
    assert products(look(mac({OLD: info("2173")})))["XProtect"].version == "2173"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("csrutil status", "System Integrity Protection status: disabled.\n"),
        ("csrutil status", "System Integrity Protection status: unknown (Custom Configuration).\n"),
        ("csrutil status", "System Integrity Protection status: enabled (Custom Configuration).\n"),
        ("spctl --status", Output("assessments disabled\n", "", 1)),
        ("spctl --status", ""),
    ],
)
def test_with_its_guards_down_nobody_knows_whether_xprotect_works(
    command: str, said: Answer
) -> None:
    seen = look(mac({NEW: info("5297")}, {**SOUND, command: said}))
    assert not products(seen)["XProtect"].HasField("real_time")
    assert "products[XProtect].real_time" in gaps(seen)


def test_integrity_is_also_told_by_system_profiler() -> None:
    commands = {name: said for name, said in SOUND.items() if name != "csrutil status"}
    said = json.dumps({"SPSoftwareDataType": [{"system_integrity": "integrity_enabled"}]})
    commands["system_profiler -json SPSoftwareDataType"] = said
    assert products(look(mac({NEW: info("5297")}, commands)))["XProtect"].real_time


@pytest.mark.parametrize("value", [0, False, "NO"])
def test_updates_that_are_switched_off_are_a_remark(value: object) -> None:
    files = {NEW: info("5297"), UPDATES: plistlib.dumps({"ConfigDataInstall": value})}
    assert products(look(mac(files)))["XProtect"].remarks == ["its updates are switched off"]


@pytest.mark.parametrize("value", [1, True])
def test_updates_that_are_switched_on_are_no_remark(value: object) -> None:
    files = {NEW: info("5297"), UPDATES: plistlib.dumps({"ConfigDataInstall": value})}
    assert not products(look(mac(files)))["XProtect"].remarks


def test_mrt_is_retired_and_its_absence_is_nothing() -> None:
    seen = look(mac({NEW: info("5297")}))
    assert list(products(seen)) == ["XProtect"]


def test_a_version_in_another_form_is_not_believed() -> None:
    for content in (info("v5"), info(""), b"bplist00"):
        assert look(mac({NEW: content})).WhichOneof("outcome") == "unknown"


def test_rules_in_use_show_the_bundle_where_its_version_was_not_recorded() -> None:
    no = NotRecorded("no")
    seen = look(mac({NEW: no, OLD: no, RULES: "<plist/>"}))
    found = products(seen)["XProtect"]
    assert not found.HasField("version")
    assert "products[XProtect].definitions_version" in gaps(seen)


def test_a_bundle_that_may_not_be_read_is_unknown() -> None:
    seen = look(mac({NEW: Denied("no"), OLD: Denied("no")}))
    assert seen.unknown.reason == UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED


def test_a_mac_with_nothing_at_all_has_an_empty_list() -> None:
    seen = look(mac({}))
    assert seen.WhichOneof("outcome") == "antivirus"
    assert not seen.antivirus.products
    assert not seen.gaps


EXTENSIONS = """2 extension(s)
--- com.apple.system_extension.endpoint_security
enabled\tactive\tteamID\tbundleID (version)\tname\t[state]
*\t*\tX9E956P446\tcom.crowdstrike.falcon.Agent (7.20/190.01)\tFalcon Sensor\t[{state}]
--- com.apple.system_extension.network_extension
enabled\tactive\tteamID\tbundleID (version)\tname\t[state]
*\t*\t2H5GFH3774\tcom.sophos.endpoint.networkextension (10.4/1)\tSophos\t[activated enabled]
"""
FALCON = "/Applications/Falcon.app/Contents/Resources/falconctl"


@pytest.mark.parametrize(
    ("state", "running"),
    [("activated enabled", True), ("activated waiting for user", False), ("terminated", False)],
)
def test_an_active_security_extension_is_proof_of_life(state: str, running: bool) -> None:
    commands = {**SOUND, "systemextensionsctl list": EXTENSIONS.replace("{state}", state)}
    seen = look(mac({NEW: info("1"), FALCON: ""}, commands))
    found = products(seen)["CrowdStrike Falcon"]
    assert found.running is running
    assert found.HasField("running") is running
    assert not found.HasField("real_time")
    assert "Sophos" not in products(seen)


def test_a_list_of_extensions_in_another_form_is_unparsable() -> None:
    with pytest.raises(Unparsable):
        extensions.parse("")


def test_launch_daemons_alone_prove_nothing() -> None:
    files: Files = {NEW: info("1"), "/Library/LaunchDaemons/com.mcafee.virusscan.fmpd.plist": ""}
    seen = look(mac(files))
    found = products(seen)["Trellix (McAfee)"]
    assert not found.HasField("running")
    assert not found.HasField("real_time")
    assert "products[Trellix (McAfee)].running" in gaps(seen)


def test_falcon_says_whether_its_sensor_is_operational() -> None:
    said = "=== agent_info ===\n\n  version: 7.20.19001.0\n  Sensor operational: {}\n"
    good, bad = falcon_of(said.format("true")), falcon_of(said.format("false"))
    assert (good.running, good.real_time, good.version) == (True, True, "7.20.19001.0")
    assert (bad.running, bad.real_time) == (False, False)
    with pytest.raises(Unparsable):
        falcon_of("Error: needs root")


SENTINEL = """Agent
   Version:                           24.1.2.7444
   Missing Authorizations:{lacking}
   Agent Operational State:           {state}
   Ready:                             {ready}
   Protection:                        {protection}
Daemons
   Integrity
      sentineld:                      ok
"""


@pytest.mark.parametrize(
    ("state", "ready", "protection", "lacking", "running", "real_time"),
    [
        ("enabled", "yes", "enabled", "", True, True),
        ("enabled", "yes", "disabled", "", True, False),
        ("enabled", "no", "enabled", "", False, False),
        ("disabled", "yes", "enabled", "", False, False),
        ("enabled", "yes", "enabled", "  full disk access", True, None),
    ],
)
def test_sentinelone_guards_when_enabled_ready_and_authorized(
    state: str, ready: str, protection: str, lacking: str, running: bool, real_time: bool | None
) -> None:
    printed = SENTINEL.format(state=state, ready=ready, protection=protection, lacking=lacking)
    found = sentinelone_of(printed)
    assert (found.running, found.real_time) == (running, real_time)
    assert found.version == "24.1.2.7444"


def test_sentinelone_in_other_words_is_unparsable() -> None:
    with pytest.raises(Unparsable):
        sentinelone_of("Agent\n   Protection:   partly\n   Ready:  yes\n")


def defender(**fields: object) -> str:
    known: dict[str, object] = {
        "healthy": True,
        "appVersion": "101.98.30",
        "realTimeProtectionEnabled": {"value": True},
        "passiveModeEnabled": {"value": False},
        "fullDiskAccessEnabled": True,
        "definitionsUpdated": "1683092938089",
        "definitionsUpdatedMinutesAgo": 158,
    }
    return json.dumps({**known, **fields})


def test_defender_is_dated_by_its_definitions_and_not_by_minutes_ago() -> None:
    seen = [
        look(mac({}, {**SOUND, "mdatp health --output json": defender(**{key: ago})}))
        for key, ago in (("definitionsUpdatedMinutesAgo", 158), ("definitionsUpdatedMinutesAgo", 9))
    ]
    found = products(seen[0])["Microsoft Defender"]
    assert (found.running, found.real_time) == (True, True)
    assert found.definitions_at.ToDatetime(UTC).date().isoformat() == "2023-05-03"
    assert seen[0].SerializeToString() == seen[1].SerializeToString()


def test_an_antivirus_that_may_not_read_the_disk_is_blind() -> None:
    said = defender(fullDiskAccessEnabled=False)
    seen = look(mac({}, {**SOUND, "mdatp health --output json": said}))
    assert not products(seen)["Microsoft Defender"].HasField("real_time")
    assert products(seen)["Microsoft Defender"].remarks == ["without Full Disk Access"]


@pytest.mark.parametrize(
    ("status", "current"),
    [({"$type": "outOfDate"}, False), ({"$type": "upToDate"}, None), ({"$type": "x"}, None)],
)
def test_defender_that_calls_its_definitions_out_of_date_outdoes_their_date(
    status: dict[str, str], current: bool | None
) -> None:
    said = defender(definitionsStatus=status)
    found = products(look(mac({}, {**SOUND, "mdatp health --output json": said})))
    known = found["Microsoft Defender"]
    assert (known.definitions_current if known.HasField("definitions_current") else None) is current


def test_defender_in_passive_mode_does_not_guard_though_it_is_healthy() -> None:
    said = defender(passiveModeEnabled={"value": True})
    found = products(look(mac({NEW: info("1")}, {**SOUND, "mdatp health --output json": said})))
    assert found["Microsoft Defender"].HasField("real_time")
    assert not found["Microsoft Defender"].real_time
    assert found["XProtect"].real_time


def test_cortex_runs_and_its_driver_is_loaded() -> None:
    table = (
        "         Name    PID         User              Status\t\tCommand\n"
        "  cortex xdr   1055        User1             Running\t\t/Library/x\n"
        "          pmd    909         root             Running\t\t/Library/y\n"
        "   kproc-ctrl    159         root              Loaded\t\tcom.paloaltonetworks.driver\n"
    )
    found = products(look(mac({}, {**SOUND, "cytool runtime query": table})))["Cortex XDR"]
    assert found.running
    assert not found.remarks
    assert not found.HasField("real_time")


def test_jamf_protect_gives_its_version_and_no_more() -> None:
    printed = plistlib.dumps({"Version": "6.1.0"}).decode()
    found = products(look(mac({}, {**SOUND, "protectctl info --plist": printed})))["Jamf Protect"]
    assert found.version == "6.1.0"
    assert not found.HasField("real_time")
