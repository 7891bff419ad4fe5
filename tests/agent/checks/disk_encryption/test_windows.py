"""BitLocker: what counts as encrypted on Windows, and every trap that has made others wrong."""

from collections.abc import Mapping, Sequence

import pytest

from agent.checks.disk_encryption.windows import observe
from agent.host import (
    CannotTell,
    Denied,
    NoData,
    NotRecorded,
    RegistryValue,
    Row,
    ToolMissing,
)
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import Protection, UnknownReason, VolumeRole
from tests.fakes import Answer, FakeHost

WINDOWS = "\\\\?\\Volume{603eeb71-3202-4b56-86e9-46e56b970dce}\\"
RECOVERY = "\\\\?\\Volume{f0e739ce-6c50-4844-9bb4-a02350322dcd}\\"
EFI = "\\\\?\\Volume{d5cd7572-ce44-4bf9-96de-5ec615c704e1}\\"
OTHER = "\\\\?\\Volume{0e4c91e2-80c2-4433-bf7f-31fb65330364}\\"
SERVICES = "HKLM\\SYSTEM\\CurrentControlSet\\Services"


def volume(device: str, letter: str = "", **more: object) -> Row:
    return {
        "DeviceID": device,
        "DriveLetter": letter or None,
        "Name": f"{letter}\\" if letter else device,
        "DriveType": 3,
        "FileSystem": "NTFS",
        "BootVolume": letter == "C:",
        "SystemVolume": False,
        **more,
    }


def bitlocker(device: object = WINDOWS, letter: object = "C:", **more: object) -> Row:
    """A protected volume; a keyword with `__` for the dot says how a method failed."""
    row: dict[str, object] = {
        "DeviceID": device,
        "DriveLetter": letter or None,
        "VolumeType": 0 if letter == "C:" else 1,
        "GetProtectionStatus": 1,
        "GetConversionStatus": 1,
        "EncryptionPercentage": 100,
        "GetLockStatus": 0,
        "GetEncryptionMethod": 7,
        "KeyProtectorTypes": [1, 3],
    }
    row |= {name.replace("__", "."): value for name, value in more.items()}
    return {name: value for name, value in row.items() if value is not None}


PLAIN = {"GetProtectionStatus": 0, "GetConversionStatus": 0, "GetEncryptionMethod": 0}
USUAL = (
    volume(WINDOWS, "C:"),
    volume(EFI, FileSystem="FAT32", SystemVolume=True),
    volume(RECOVERY),
)


def windows(
    volumes: Sequence[Row] | CannotTell = USUAL,
    told: Sequence[Row] | CannotTell = (),
    *,
    commands: Mapping[str, Answer] | None = None,
    values: Mapping[str, RegistryValue | CannotTell] | None = None,
    **rows: Sequence[Row],
) -> FakeHost:
    both = {"Win32_Volume": volumes, "Win32_EncryptableVolume": told, **rows}
    return FakeHost(os="windows", rows=both, commands=commands or {}, values=values or {})


def protections(seen: Seen) -> dict[str, str]:
    return {
        one.name: Protection.Name(one.protection)[11:].lower()
        if one.HasField("protection")
        else "-"
        for one in seen.value.volumes  # type: ignore[attr-defined]
    }


def roles(seen: Seen) -> dict[str, str]:
    return {
        one.name: VolumeRole.Name(one.role)[12:].lower()
        for one in seen.value.volumes  # type: ignore[attr-defined]
    }


def system(**more: object) -> tuple[str, list[str]]:
    """How C: is protected, and what is remarked, with these numbers."""
    seen = observe(windows(told=[bitlocker(**more)]))
    remarks = list(seen.value.volumes[0].remarks)  # type: ignore[attr-defined]
    return protections(seen)["C:"], remarks


def test_a_protected_system_volume_is_encrypted_and_the_rest_is_for_booting() -> None:
    seen = observe(windows(told=[bitlocker()]))
    assert protections(seen)["C:"] == "encrypted"
    assert roles(seen) == {"C:": "system", EFI: "boot", RECOVERY: "boot"}
    assert not seen.gaps
    assert seen.value.volumes[0].method == "BitLocker"  # type: ignore[attr-defined]


def test_the_cached_protection_status_is_not_believed_on_a_decrypted_disk() -> None:
    row = {"DriveLetter": "C:", "DeviceID": WINDOWS, "ProtectionStatus": 1, "ConversionStatus": 0}
    assert protections(observe(windows(told=[row])))["C:"] == "plain"


def test_the_cached_property_counts_where_another_tool_never_called_the_method() -> None:
    row = {
        "DriveLetter": "C:",
        "DeviceID": WINDOWS,
        "ProtectionStatus": 1,
        "ConversionStatus": 1,
        "EncryptionMethod": 4,
        "VolumeType": 0,
    }
    assert protections(observe(windows(told=[row])))["C:"] == "encrypted"


def test_the_cached_property_is_not_asked_where_the_method_failed() -> None:
    failed = {"GetProtectionStatus": None, "GetProtectionStatus__ReturnValue": 0x80041001}
    assert system(**failed, ProtectionStatus=1)[0] == "-"


def test_methods_that_contradict_each_other_are_disputed() -> None:
    seen = observe(windows(told=[bitlocker(GetConversionStatus=0)]))
    assert protections(seen)["C:"] == "-"
    assert seen.gaps[0].reason == UnknownReason.UNKNOWN_REASON_CONFLICTING_SOURCES


def test_protection_without_a_cipher_is_disputed() -> None:
    assert system(GetEncryptionMethod=0)[0] == "-"


def test_suspended_protection_is_an_exposed_key() -> None:
    protection, remarks = system(GetProtectionStatus=0, GetSuspendCount=0)
    assert protection == "key_exposed"
    assert "suspended" in remarks[0]


def test_encrypted_without_a_protector_waits_for_activation() -> None:
    protection, remarks = system(GetProtectionStatus=0, KeyProtectorTypes=[])
    assert protection == "key_exposed"
    assert "waiting for activation" in remarks[0]


@pytest.mark.parametrize("conversion", [2, 3, 4, 5])
def test_a_volume_under_conversion_is_encrypted_only_in_part(conversion: int) -> None:
    assert system(GetConversionStatus=conversion, EncryptionPercentage=60)[0] == "partial"


def test_encrypting_at_a_hundred_percent_with_protection_on_is_encrypted() -> None:
    assert system(GetConversionStatus=2, EncryptionPercentage=100)[0] == "encrypted"


def test_decrypting_is_never_encrypted_whatever_the_percentage() -> None:
    assert system(GetConversionStatus=3, EncryptionPercentage=100)[0] == "partial"


def test_a_locked_volume_is_unknown_and_never_plain() -> None:
    more = {"GetProtectionStatus": 2, "GetLockStatus": 1, "GetConversionStatus": None}
    told = [bitlocker(), bitlocker(OTHER, "E:", **more)]
    seen = observe(windows([*USUAL, volume(OTHER, "E:", FileSystem=None)], told))
    assert protections(seen)["E:"] == "-"
    assert "locked" in seen.gaps[0].detail


def test_not_activated_is_an_answer_and_means_plain() -> None:
    failed = {
        "GetProtectionStatus": 0,
        "GetConversionStatus": None,
        "GetConversionStatus__ReturnValue": 2150694920,
    }
    assert system(**failed)[0] == "plain"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0x80070005, UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED),
        (-2147024891, UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED),
        (0x80041001, UnknownReason.UNKNOWN_REASON_TOOL_FAILED),
    ],
)
def test_a_method_that_fails_says_why(code: int, reason: UnknownReason.ValueType) -> None:
    row = bitlocker(GetConversionStatus=None, GetConversionStatus__ReturnValue=code)
    assert observe(windows(told=[row])).gaps[0].reason == reason


@pytest.mark.parametrize(
    ("name", "value"), [("GetConversionStatus", 9), ("GetProtectionStatus", 9)]
)
def test_a_number_nobody_documented_is_not_understood(name: str, value: int) -> None:
    assert system(**{name: value})[0] == "-"


def test_what_weakens_protection_is_remarked() -> None:
    assert system(KeyProtectorTypes=[1])[1] == [
        "XTS-AES 256",
        "unlocks by TPM without a PIN",
        "no recovery password",
    ]
    assert system(GetEncryptionMethod=5)[1][0] == "encrypted by the drive itself, not by Windows"
    assert "used space only" in system(EncryptionFlags=1)[1]


def test_a_second_fixed_volume_counts() -> None:
    told = [bitlocker(), bitlocker(OTHER, "D:", **PLAIN)]
    seen = observe(windows([*USUAL, volume(OTHER, "D:")], told))
    assert (protections(seen)["D:"], roles(seen)["D:"]) == ("plain", "data")


def test_a_volume_mounted_in_a_folder_is_not_missed() -> None:
    folder = volume(OTHER, Name="C:\\Archive\\")
    seen = observe(windows([*USUAL, folder], [bitlocker(), bitlocker(OTHER, "", **PLAIN)]))
    assert (protections(seen)["C:\\Archive"], roles(seen)["C:\\Archive"]) == ("plain", "data")


def test_an_encrypted_stick_does_not_make_the_machine_encrypted() -> None:
    stick = bitlocker(OTHER, "E:", VolumeType=2)
    seen = observe(windows([*USUAL, volume(OTHER, "E:", DriveType=2)], [bitlocker(**PLAIN), stick]))
    assert protections(seen)["C:"] == "plain"
    assert roles(seen)["E:"] == "removable"


@pytest.mark.parametrize(("bus", "role"), [(7, "removable"), (17, "data")])
def test_a_disk_on_usb_is_removable_though_windows_calls_it_fixed(bus: int, role: str) -> None:
    seen = observe(
        windows(
            [*USUAL, volume(OTHER, "E:")],
            [bitlocker(), bitlocker(OTHER, "E:", **PLAIN)],
            MSFT_Partition=[{"AccessPaths": ["E:\\", OTHER.upper()], "DiskNumber": 1}],
            MSFT_Disk=[{"Number": 1, "BusType": bus}],
        )
    )
    assert roles(seen)["E:"] == role


def test_a_disk_image_is_left_out_with_evidence() -> None:
    seen = observe(
        windows(
            [*USUAL, volume(OTHER, "E:")],
            [bitlocker(), bitlocker(OTHER, "E:", **PLAIN)],
            MSFT_Partition=[{"AccessPaths": ["E:\\", OTHER], "DiskNumber": 1}],
            MSFT_Disk=[{"Number": 1, "BusType": 15}],
        )
    )
    assert "E: lies in a file on another volume" in seen.evidence[0].said
    assert "E:" not in roles(seen)


def test_an_unmounted_volume_of_ordinary_type_is_shown_as_such() -> None:
    basic = "{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}"
    partition = {"AccessPaths": [RECOVERY], "DiskNumber": 0, "GptType": basic}
    seen = observe(windows(told=[bitlocker()], MSFT_Partition=[partition]))
    assert (protections(seen)[RECOVERY], roles(seen)[RECOVERY]) == ("plain", "unmounted")


def test_a_data_volume_that_firmware_boots_from_is_still_data() -> None:
    told = [bitlocker(), bitlocker(OTHER, "D:", **PLAIN)]
    seen = observe(windows([*USUAL, volume(OTHER, "D:", SystemVolume=True)], told))
    assert roles(seen)["D:"] == "data"


def test_a_mounted_volume_that_bitlocker_does_not_list_is_unknown() -> None:
    seen = observe(windows([*USUAL, volume(OTHER, "D:")], [bitlocker()]))
    assert protections(seen)["D:"] == "-"


def test_an_empty_answer_of_bitlocker_is_not_plain() -> None:
    assert protections(observe(windows()))["C:"] == "-"


def test_no_volume_at_all_is_no_answer() -> None:
    with pytest.raises(NoData):
        observe(windows([], []))


def test_a_server_without_the_feature_is_plain_and_says_so() -> None:
    told = ToolMissing("invalid namespace")
    seen = observe(windows(told=told, Win32_OperatingSystem=[{"ProductType": 3}]))
    assert protections(seen)["C:"] == "plain"
    assert "without the BitLocker feature" in seen.evidence[-1].said


@pytest.mark.parametrize(
    "values",
    [{}, {"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\InstallationType": "Client"}],
)
def test_a_client_without_the_namespace_is_unknown(values: Mapping[str, RegistryValue]) -> None:
    with pytest.raises(ToolMissing):
        observe(windows(told=ToolMissing("invalid namespace"), values=values))


def test_access_denied_is_the_reason_not_an_answer() -> None:
    with pytest.raises(Denied):
        observe(windows(told=Denied("access denied")))


@pytest.mark.parametrize(("start", "expected"), [(0, "-"), (1, "plain"), (3, "plain")])
def test_another_makers_encryption_below_windows_is_named(start: int, expected: str) -> None:
    values = {f"{SERVICES}\\veracrypt\\Start": start}
    seen = observe(windows(told=[bitlocker(**PLAIN)], values=values))
    assert protections(seen)["C:"] == expected
    assert (expected == "-") == any("VeraCrypt" in gap.detail for gap in seen.gaps)


def test_without_win32_volume_nobody_knows_what_else_there_is() -> None:
    stick = bitlocker(OTHER, "E:", VolumeType=2, **PLAIN)
    seen = observe(windows(NotRecorded("not recorded"), [bitlocker(), stick]))
    assert protections(seen) == {"C:": "encrypted", "E:": "plain"}
    assert roles(seen) == {"C:": "system", "E:": "removable"}
    assert [gap.field for gap in seen.gaps] == ["volumes"]


def test_no_row_of_win32_volume_is_no_list_of_volumes() -> None:
    seen = observe(windows((), [bitlocker()]))
    assert protections(seen) == {"C:": "encrypted"}
    assert [gap.field for gap in seen.gaps] == ["volumes"]


def test_a_partition_without_a_disk_number_is_not_on_the_first_disk() -> None:
    seen = observe(
        windows(
            [*USUAL, volume(OTHER, "E:")],
            [bitlocker(), bitlocker(OTHER, "E:", **PLAIN)],
            MSFT_Partition=[{"AccessPaths": [OTHER], "DiskNumber": None}],
            MSFT_Disk=[{"Number": 0, "BusType": 7}],
        )
    )
    assert roles(seen)["E:"] == "data"


def test_the_volume_windows_runs_from_is_known_by_bitlocker_too() -> None:
    seen = observe(windows([volume(WINDOWS, "C:", BootVolume=None)], [bitlocker()]))
    assert roles(seen) == {"C:": "system"}


def test_bitlocker_volumes_join_whatever_the_case_of_their_device() -> None:
    seen = observe(windows(told=[bitlocker(WINDOWS.upper(), "")]))
    assert protections(seen)["C:"] == "encrypted"
