"""Files that others' tools left of a Windows machine answer our questions, and no more."""

from pathlib import Path

import pytest

from agent.host import CannotTell, Denied, FileMissing, NotRecorded, ToolFailed, Unparsable
from agent.recordings.replay import Recording, UnusableRecording

FIREWALL = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
POLICIES = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
DESKTOP = r"HKU\S-1-5-21-0-0-0-1001\Control Panel\Desktop"


def machine(folder: Path, name: str, content: str, coding: str = "utf-8") -> Recording:
    folder = folder / "windows-made"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content.encode(coding))
    return Recording(folder)


def test_wmic_is_read_in_utf_16_with_its_ampersands(tmp_path: Path) -> None:
    content = (
        "\r\r\n\r\r\nDriveLetter=C:\r\r\nLabel=R&amp;D\r\r\nSize=\r\r\n\r\r\nDriveLetter=D:\r\r\n"
    )
    host = machine(tmp_path, "wmic_Win32_Volume.wmi", content, "utf-16")
    assert host.cim("Win32_Volume") == (
        {"DriveLetter": "C:", "Label": "R&D", "Size": None},
        {"DriveLetter": "D:"},
    )


def test_format_list_is_read_block_by_block(tmp_path: Path) -> None:
    content = (
        "\n\ndisplayName  : Bitdefender Antivirus\nproductState : 266240\npath : C:\\Program"
        "\n               Files\\x.exe\n\ndisplayName  : Windows Defender\nproductState : 393472\n"
    )
    rows = machine(tmp_path, "Get-CimInstance_AntivirusProduct.txt", content).cim(
        "AntiVirusProduct"
    )
    assert [row["productState"] for row in rows] == ["266240", "393472"]


def test_a_bare_object_of_json_is_one_row(tmp_path: Path) -> None:
    host = machine(tmp_path, "Get-MpComputerStatus.json", '{"AMRunningMode": "Normal"}')
    assert host.cim("MSFT_MpComputerStatus") == ({"AMRunningMode": "Normal"},)


def test_methods_beside_a_volume_are_named_as_our_own_question_names_them(tmp_path: Path) -> None:
    content = """[{"volume": {"DriveLetter": "C:", "ProtectionStatus": 1, "__GENUS": 2},
      "conversionStatus": {"ConversionStatus": 1, "EncryptionPercentage": 100},
      "lockStatus": {"LockStatus": 0}}]"""
    row = machine(tmp_path, "Win32_EncryptableVolume_with_methods.json", content).cim(
        "Win32_EncryptableVolume"
    )[0]
    assert row == {
        "DriveLetter": "C:",
        "ProtectionStatus": 1,  # the cached property, which is not the method
        "GetConversionStatus": 1,
        "EncryptionPercentage": 100,
        "GetLockStatus": 0,
    }


def test_get_bitlockervolume_shows_what_the_methods_answer(tmp_path: Path) -> None:
    content = (
        "MountPoint : C:\nVolumeType : OperatingSystem\nVolumeStatus : FullyEncrypted\n"
        "ProtectionStatus : On\nEncryptionMethod : XtsAes256\n"
        "KeyProtector : {Tpm, RecoveryPassword}\n"
    )
    row = machine(tmp_path, "Get-BitLockerVolume.txt", content).cim("Win32_EncryptableVolume")[0]
    assert (row["GetProtectionStatus"], row["GetConversionStatus"]) == (1, 1)
    assert (row["VolumeType"], row["GetEncryptionMethod"]) == (0, 7)
    assert row["KeyProtectorTypes"] == [1, 3]


def test_osquerys_bitlocker_info_is_the_cached_property_and_not_the_method(tmp_path: Path) -> None:
    content = "| drive_letter | protection_status |\n+---+---+\n| C: | 1 |\n"
    row = machine(tmp_path, "osquery_bitlocker_info.txt", content).cim("Win32_EncryptableVolume")[0]
    assert row["ProtectionStatus"] == "1"
    assert "GetProtectionStatus" not in row


def test_the_local_store_of_the_firewall_is_not_the_active_store(tmp_path: Path) -> None:
    content = "Name : Domain\nEnabled : True\nDefaultInboundAction : NotConfigured\n"
    host = machine(tmp_path, "Get-NetFirewallProfile.txt", content)
    with pytest.raises(NotRecorded):
        host.cim("MSFT_NetFirewallProfile")
    assert host.registry(f"{FIREWALL}\\DomainProfile", "EnableFirewall") == 1
    with pytest.raises(FileMissing):
        host.registry(f"{FIREWALL}\\DomainProfile", "DefaultInboundAction")


def test_the_active_store_is_read_in_words_or_numbers(tmp_path: Path) -> None:
    content = "Name : Public\nEnabled : True\nDefaultInboundAction : Block\n"
    host = machine(tmp_path, "Get-NetFirewallProfile_ActiveStore.txt", content)
    assert host.cim("MSFT_NetFirewallProfile") == (
        {"Name": "Public", "Enabled": 1, "DefaultInboundAction": 4},
    )


def test_a_class_whose_name_begins_another_is_told_apart(tmp_path: Path) -> None:
    host = machine(tmp_path, "x-Win32_NetworkAdapterConfiguration.wmi", "IPEnabled=TRUE\n")
    with pytest.raises(NotRecorded):
        host.cim("Win32_NetworkAdapter")


def test_an_excerpt_leaves_what_it_does_not_show_unset(tmp_path: Path) -> None:
    host = machine(tmp_path, "Get-MpComputerStatus.truncated.txt", "AntivirusEnabled : True\n")
    assert "RealTimeProtectionEnabled" not in host.cim("MSFT_MpComputerStatus")[0]


@pytest.mark.parametrize(
    ("name", "said", "kind"),
    [
        ("Get-MpComputerStatus.stderr.txt", "Cannot connect to CIM server. Access denied", Denied),
        ("Get-MpComputerStatus.txt", "x\n+ FullyQualifiedErrorId : HRESULT 0x80041003,X", Denied),
        ("Get-MpComputerStatus.stderr.txt", "HRESULT 0x800106ba,Get-MpComputerStatus", ToolFailed),
    ],
)
def test_a_complaint_is_the_trouble_it_states(
    tmp_path: Path, name: str, said: str, kind: type[CannotTell]
) -> None:
    with pytest.raises(kind):
        machine(tmp_path, name, said).cim("MSFT_MpComputerStatus")


def test_a_missing_cmdlet_says_nothing_of_the_class_behind_it(tmp_path: Path) -> None:
    said = "The term 'Get-BitLockerVolume' is not recognized as the name of a cmdlet"
    host = machine(tmp_path, "Get-BitLockerVolume.stderr.excerpt.txt", said)
    with pytest.raises(NotRecorded):
        host.cim("Win32_EncryptableVolume")


def test_an_update_search_that_failed_is_no_empty_list(tmp_path: Path) -> None:
    said = "Exception from HRESULT: 0x8024401C"
    with pytest.raises(ToolFailed, match="0x8024401C"):
        machine(tmp_path, "IUpdateSearcher_Search.txt", said).cim("Microsoft.Update.Searcher")


EXPORT = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE\Some\Key]
"Number"=dword:0000012c
"Words"="a \"quoted\" C:\\path"
"Folded"=hex(2):25,00,\
  41,00,00,00
"List"=hex(7):61,00,00,00,62,00,00,00,00,00

[HKEY_LOCAL_MACHINE\SOFTWARE\Some\Key\Below]
"""


def test_an_export_is_whole_below_its_first_key(tmp_path: Path) -> None:
    host = machine(tmp_path, "reg_export_Key.reg", EXPORT, "utf-16")
    key = r"HKLM\Software\some\key"
    assert host.registry(key, "number") == 300
    assert host.registry(key, "Words") == 'a "quoted" C:\\path'
    assert host.registry(key, "Folded") == "%A"
    assert host.registry(key, "List") == ("a", "b")
    assert host.subkeys(key) == ("Below",)
    with pytest.raises(FileMissing):
        host.registry(key, "Other")
    with pytest.raises(FileMissing):
        host.subkeys(key + r"\Nowhere")
    with pytest.raises(NotRecorded):
        host.registry(r"HKLM\SOFTWARE\Some", "Other")


def test_a_query_shows_what_it_shows_and_nothing_is_missing_for_it(tmp_path: Path) -> None:
    content = "\nHKEY_LOCAL_MACHINE\\Software\\X\n    AUOptions    REG_DWORD    0x3\n"
    host = machine(tmp_path, "reg_query_AU.txt", content)
    assert host.registry(r"HKLM\SOFTWARE\X", "AUOptions") == 3
    with pytest.raises(NotRecorded):
        host.registry(r"HKLM\SOFTWARE\X", "NoAutoUpdate")


def test_a_value_alone_is_at_its_well_known_key(tmp_path: Path) -> None:
    content = "InactivityTimeoutSecs    REG_DWORD    0x12c\n"
    host = machine(tmp_path, "reg_query_InactivityTimeoutSecs.excerpt.txt", content)
    assert host.registry(POLICIES, "InactivityTimeoutSecs") == 300


def test_a_security_policy_without_the_inactivity_limit_has_none(tmp_path: Path) -> None:
    content = "[Registry Values]\nMACHINE\\Software\\X\\EnableLUA=4,1\n"
    host = machine(tmp_path, "secedit_export.inf", content, "utf-16")
    assert host.registry(r"HKLM\Software\X", "EnableLUA") == 1
    with pytest.raises(FileMissing):
        host.registry(POLICIES, "InactivityTimeoutSecs")


def test_two_moments_of_one_person_are_two_hosts(tmp_path: Path) -> None:
    absent = "ERROR: The system was unable to find the specified registry key or value.\n"
    first = "reg_query_ScreenSaverIsSecure.1-absent.txt"
    machine(tmp_path, first, absent)
    value = "\nHKEY_CURRENT_USER\\Control Panel\\Desktop\n    ScreenSaverIsSecure    REG_SZ    0\n"
    last = machine(tmp_path, "reg_query_ScreenSaverIsSecure.2-after.txt", value)
    assert last.registry(DESKTOP, "ScreenSaverIsSecure") == "0"
    with pytest.raises(FileMissing):
        Recording(last.folder, "1-absent").registry(DESKTOP, "ScreenSaverIsSecure")


def test_a_localized_complaint_that_is_not_known_says_nothing(tmp_path: Path) -> None:
    host = machine(tmp_path, "reg_query_ScreenSaverIsSecure.txt", "FEHLER: irgendwas\n")
    with pytest.raises(NotRecorded):
        host.registry(DESKTOP, "ScreenSaverIsSecure")


def test_text_tools_answer_by_their_command(tmp_path: Path) -> None:
    host = machine(tmp_path, "manage-bde_status_c.txt", "Volume C: []\n")
    assert host.run("manage-bde", "-status", "C:").text == "Volume C: []\n"
    with pytest.raises(NotRecorded):
        host.run("manage-bde", "-status")


def test_services_are_read_by_their_numbers(tmp_path: Path) -> None:
    content = "SERVICE_NAME: windefend\n        STATE              : 4  WIRD AUSGEFÜHRT\n"
    host = machine(tmp_path, "sc_query_windefend.txt", content)
    assert host.cim("Win32_Service") == ({"Name": "windefend", "State": "Running"},)


def test_one_file_may_hold_several_classes(tmp_path: Path) -> None:
    content = (
        '{"Bios": {"SerialNumber": "0"}, "Os": {"BuildNumber": "20348"}, "FirmwareType": "Legacy"}'
    )
    host = machine(tmp_path, "custom_computer_info.json", content)
    assert host.cim("Win32_BIOS") == ({"SerialNumber": "0"},)
    assert host.cim("Win32_OperatingSystem") == ({"BuildNumber": "20348"},)
    assert host.registry(r"HKLM\SYSTEM\CurrentControlSet\Control", "PEFirmwareType") == 1


def test_the_system_is_told_by_the_files_where_the_folder_has_another_name(tmp_path: Path) -> None:
    folder = tmp_path / "host7"
    folder.mkdir()
    (folder / "Get-MpComputerStatus.json").write_text("{}")
    assert Recording(folder).os == "windows"


def test_a_folder_of_anything_else_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnusableRecording, match="is not a recording"):
        machine(tmp_path, "holiday.txt", "sun")


def test_a_system_of_no_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "SYSTEM").write_text("beos\n")
    with pytest.raises(UnusableRecording, match="'beos' is not one of linux, macos, windows"):
        Recording(tmp_path)


def test_a_table_with_heads_of_two_lines_is_read_by_its_columns(tmp_path: Path) -> None:
    content = """
VolumeType      Mount CapacityGB VolumeStatus   Encryption KeyProtector            Protection
                Point                           Percentage                         Status
----------      ----- ---------- ------------   ---------- ------------            ----------
OperatingSystem C:        237.87 FullyEncrypted        100 {Tpm, RecoveryPassword}         On
Data            D:       1000.00 FullyDecrypted          0 {RecoveryPassw...}             Off
"""
    rows = machine(tmp_path, "Get-BitLockerVolume.txt", content).cim("Win32_EncryptableVolume")
    assert [row["DriveLetter"] for row in rows] == ["C:", "D:"]
    assert [row["GetProtectionStatus"] for row in rows] == [1, 0]
    assert [row["GetConversionStatus"] for row in rows] == [1, 0]
    assert rows[0]["KeyProtectorTypes"] == [1, 3]
    assert "KeyProtectorTypes" not in rows[1]


def test_systeminfo_in_english_tells_the_system(tmp_path: Path) -> None:
    content = (
        "Host Name:                 DC-1\nOS Name:   Microsoft Windows Server 2019\n"
        "OS Version:                10.0.17763 N/A Build 17763\n"
        "OS Configuration:          Primary Domain Controller\n"
    )
    row = machine(tmp_path, "systeminfo.txt", content).cim("Win32_OperatingSystem")[0]
    assert (row["Version"], row["BuildNumber"], row["ProductType"]) == ("10.0.17763", "17763", 2)


def test_a_listed_command_says_what_a_name_would(tmp_path: Path) -> None:
    folder = tmp_path / "windows-made"
    (folder / "cmd").mkdir(parents=True)
    (folder / "COMMANDS.tsv").write_text(
        "01.txt\trc=0\tpowershell -Command Get-MpComputerStatus | ConvertTo-Json\n"
        "02.txt\trc=0\treg query HKLM\\SOFTWARE\\X\n"
        "03.txt\trc=0\tmanage-bde -status\n"
    )
    (folder / "cmd" / "01.txt").write_text('{"AMRunningMode": "Normal"}')
    (folder / "cmd" / "02.txt").write_text(
        "\nHKEY_LOCAL_MACHINE\\SOFTWARE\\X\n    Y    REG_SZ    z\n"
    )
    (folder / "cmd" / "03.txt").write_text("Volume C: []\n")
    host = Recording(folder)
    assert host.cim("MSFT_MpComputerStatus") == ({"AMRunningMode": "Normal"},)
    assert host.registry(r"HKLM\SOFTWARE\X", "Y") == "z"
    assert host.run("manage-bde", "-status").text == "Volume C: []\n"


def test_an_empty_list_is_an_answer_and_an_empty_file_is_none(tmp_path: Path) -> None:
    host = machine(tmp_path, "Get-CimInstance_AntiVirusProduct.json", "[]")
    assert host.cim("AntiVirusProduct") == ()
    for name in ("Get-CimInstance_FirewallProduct.json", "Get-MpComputerStatus.txt"):
        host = machine(tmp_path, name, "")
    for question in ("FirewallProduct", "MSFT_MpComputerStatus"):
        with pytest.raises(Unparsable):
            host.cim(question)


@pytest.mark.parametrize(
    "name", ["Get-MpComputerStatus.json", "wmic_Win32_Volume.wmi", "reg_export_x.reg", "ver.txt"]
)
def test_garbage_under_a_known_name_answers_nothing(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "windows-made"
    folder.mkdir()
    (folder / name).write_bytes(bytes(range(256)) * 8)
    host = Recording(folder)
    for question in ("MSFT_MpComputerStatus", "Win32_Volume"):
        with pytest.raises((NotRecorded, Unparsable)):
            host.cim(question)
