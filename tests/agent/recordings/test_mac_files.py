"""Loose files of a Mac, recorded by others, answer our questions by their names."""

import json
import plistlib
from pathlib import Path

import pytest

from agent.checks.os_updates.software_update_file import listed, looked_at
from agent.host import NotRecorded
from agent.recordings.loose import moments
from agent.recordings.replay import Recording

ALF = "defaults read /Library/Preferences/com.apple.alf globalstate"


def folder(tmp_path: Path, files: dict[str, str | bytes], name: str = "macos-15-x") -> Recording:
    place = tmp_path / name
    place.mkdir()
    for file, content in files.items():
        (place / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return Recording(place)


def printed(host: Recording, line: str) -> str:
    return host.run(*line.split(" "), ok=(0, 1)).text


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("fdesetup_status.txt", "fdesetup status"),
        ("sw_vers_-productVersion.txt", "sw_vers -productVersion"),
        ("sw_vers.excerpt.txt", "sw_vers"),
        ("softwareupdate_-l_--no-scan.txt", "softwareupdate -l --no-scan"),
        ("softwareupdate_-l.txt", "softwareupdate -l --no-scan"),
        ("softwareupdate_--list.txt", "softwareupdate -l --no-scan"),
        ("socketfilterfw_--getglobalstate.txt", "socketfilterfw --getglobalstate"),
        ("socketfilterfw_--getglobalstate_--getblockall.txt", "socketfilterfw --getblockall"),
        ("pmset_-g_grep_displaysleep.txt", "pmset -g"),
        ("sudo_mdmclient_QuerySecurityInfo.txt", "mdmclient QuerySecurityInfo"),
        ("system_profiler_SPSoftwareDataType.excerpt.txt", "system_profiler SPSoftwareDataType"),
        ("system_profiler.txt", "system_profiler SPHardwareDataType"),
        ("defaults_read_com.apple.alf_globalstate.txt", ALF),
        ("defaults_read_preferences_com_alf_globalstate.txt", ALF),
        ("sentinelone-epp-24.1.2.7444-status", "sentinelctl status"),
        ("cortex-xdr-8.2.1.47908-runtime-query", "cytool runtime query"),
        ("defender-101.98.30.json", "mdatp health --output json"),
    ],
)
def test_a_file_answers_the_command_that_it_is_named_after(
    tmp_path: Path, file: str, line: str
) -> None:
    assert printed(folder(tmp_path, {file: "said\n"}), line) == "said\n"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("fdesetup status.txt", "fdesetup status"),
        ("fdesetup-status.out", "fdesetup status"),
        ("Sw-Vers.log", "sw_vers"),
        ("sw_vers-productversion", "sw_vers -productVersion"),
        ("csrutil-status.txt", "csrutil status"),
        ("spctl-status.txt", "spctl --status"),
        ("pmset-g-custom.txt", "pmset -g custom"),
        ("sysadminctl screenlock status.txt", "sysadminctl -screenLock status"),
        ("socketfilterfw-getglobalstate.txt", "socketfilterfw --getglobalstate"),
        ("softwareupdate--list.txt", "softwareupdate -l --no-scan"),
        ("system-profiler-SPFirewallDataType.txt", "system_profiler SPFirewallDataType"),
        ("system_profiler sphardwaredatatype.txt", "system_profiler SPHardwareDataType"),
    ],
)
def test_however_a_recorder_joins_the_words_the_command_is_known(
    tmp_path: Path, file: str, line: str
) -> None:
    assert printed(folder(tmp_path, {file: "said\n"}), line) == "said\n"


def test_a_command_with_more_words_is_another_command(tmp_path: Path) -> None:
    host = folder(tmp_path, {"fdesetup-status-of-bob.txt": "said\n"})
    with pytest.raises(NotRecorded):
        printed(host, "fdesetup status")


@pytest.mark.parametrize("code", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_and_a_property_list_are_read_in_any_encoding(tmp_path: Path, code: str) -> None:
    fields = plistlib.dumps({"globalstate": 1}).decode()
    files = {
        "fdesetup_status.txt": "FileVault is On.\r\n".encode(code),
        "com.apple.alf.plist": fields.encode(code),
    }
    host = folder(tmp_path, dict(files))
    assert printed(host, "fdesetup status") == "FileVault is On.\r\n"
    path = "/Library/Preferences/com.apple.alf.plist"
    assert plistlib.loads(host.read(path)) == {"globalstate": 1}


def test_what_system_profiler_says_in_xml_it_says_in_json_as_well(tmp_path: Path) -> None:
    told = [{"_dataType": "SPFirewallDataType", "_items": [{"spfirewall_globalstate": "x"}]}]
    name = "system_profiler_-xml_SPFirewallDataType.plist"
    host = folder(tmp_path, {name: plistlib.dumps(told)})
    said = printed(host, "system_profiler -json SPFirewallDataType")
    assert json.loads(said) == {"SPFirewallDataType": [{"spfirewall_globalstate": "x"}]}


def test_json_of_several_kinds_answers_each(tmp_path: Path) -> None:
    name = "system_profiler_-json_SPHardwareDataType_SPSoftwareDataType.json"
    host = folder(tmp_path, {name: "{}"})
    assert printed(host, "system_profiler -json SPSoftwareDataType") == "{}"
    with pytest.raises(NotRecorded):
        printed(host, "system_profiler -json SPFirewallDataType")


def test_the_exact_question_outranks_one_that_also_answers_it(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "softwareupdate_-l.txt": "scanned",
        "softwareupdate_-l_--no-scan.txt": "not scanned",
    }
    assert printed(folder(tmp_path, files), "softwareupdate -l --no-scan") == "not scanned"


def test_property_lists_lie_where_they_came_from(tmp_path: Path) -> None:
    content = plistlib.dumps({"globalstate": 1})
    host = folder(
        tmp_path,
        {
            "com.apple.alf.plist": content,
            "Library_Managed_Preferences_com.apple.screensaver.plist": content,
            "private_var_protected_xprotect_XProtect.bundle_Contents_Info.plist": content,
        },
    )
    for path in (
        "/Library/Preferences/com.apple.alf.plist",
        "/Library/Managed Preferences/com.apple.screensaver.plist",
        "/private/var/protected/xprotect/XProtect.bundle/Contents/Info.plist",
    ):
        assert host.read(path) == content


def test_a_tools_property_list_answers_its_command(tmp_path: Path) -> None:
    content = plistlib.dumps({"Containers": []})
    host = folder(tmp_path, {"diskutil_apfs_list.plist": content})
    assert printed(host, "diskutil apfs list -plist") == content.decode()


def test_settings_for_one_mac_answer_whether_or_not_the_key_is_set(tmp_path: Path) -> None:
    name = "com.apple.screensaver.2B05150B-FA33-45BD-90F0-3369BF908E3E.plist"
    line = "defaults -currentHost read com.apple.screensaver idleTime"
    host = folder(tmp_path, {name: plistlib.dumps({"idleTime": 300})})
    assert printed(host, line) == "300\n"
    host = folder(tmp_path, {name: plistlib.dumps({"x": 1})}, "macos-15-y")
    assert "does not exist" in host.run(*line.split(" "), ok=(0, 1)).errors


def test_an_excerpt_of_a_domain_says_nothing_of_other_keys(tmp_path: Path) -> None:
    name = "defaults_-currentHost_read_com.apple.screensaver"
    line = "defaults -currentHost read com.apple.screensaver idleTime"
    whole = folder(tmp_path, {f"{name}.txt": "{ CleanExit = 1; }"})
    assert whole.run(*line.split(" "), ok=(0, 1)).exit_status == 1
    part = folder(tmp_path, {f"{name}.excerpt.txt": "{ CleanExit = 1; }"}, "macos-15-y")
    with pytest.raises(NotRecorded):
        printed(part, line)


def test_a_transcript_answers_each_of_its_commands(tmp_path: Path) -> None:
    said = "$ systemsetup -getsleep\nSleep: 1\n$ systemsetup -getdisplaysleep\nDisplay: 10\n"
    host = folder(tmp_path, {"systemsetup.txt": said})
    assert printed(host, "systemsetup -getdisplaysleep") == "Display: 10\n"


def test_moments_are_states_of_one_mac_and_versions_are_not(tmp_path: Path) -> None:
    status = "sysadminctl_-screenLock_status"
    host = folder(
        tmp_path,
        {
            f"{status}.1-before.txt": "before",
            f"{status}.2-after.stderr.txt": "after",
            "cortex-xdr-8.2.1.47908-info": "x",
        },
    )
    assert moments(host.folder) == ("1-before", "2-after")
    line = status.replace("_", " ").split(" ")
    assert host.run(*line).errors == "after"
    assert Recording(host.folder, "1-before").run(*line).text == "before"


def test_the_folder_names_the_release_only_where_the_firewalls_file_needs_one(
    tmp_path: Path,
) -> None:
    content = plistlib.dumps({"globalstate": 1})
    host = folder(tmp_path, {"com.apple.alf.plist": content}, "macos-10.11-alf-on")
    assert printed(host, "sw_vers") == "ProductVersion: 10.11\n"
    host = folder(tmp_path, {"fdesetup_status.txt": "x"}, "macos-10.12-y")
    with pytest.raises(NotRecorded):
        printed(host, "sw_vers")


def test_a_whole_domain_that_was_printed_is_the_file_it_was_printed_from(tmp_path: Path) -> None:
    said = """{
    AutomaticDownload = 1;
    LastFullSuccessfulDate = "2022-10-12 08:31:00 +0000";
    LastRecommendedUpdatesAvailable = 1;
    RecommendedUpdates =     (
                {
            "Display Name" = "macOS Monterey 12.6.1";
            "Display Version" = "12.6.1";
            Identifier = "MSU_UPDATE_21G217_patch_12.6.1";
        }
    );
}
"""
    host = folder(tmp_path, {"defaults_read_com.apple.SoftwareUpdate.txt": said})
    assert [offer.title for offer in listed(host)] == ["macOS Monterey 12.6.1"]
    assert looked_at(host).year == 2022
