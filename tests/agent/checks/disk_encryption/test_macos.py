"""disk_encryption on macOS: FileVault for every volume of a person, and nothing else for it."""

import json
import plistlib
from collections.abc import Mapping

import pytest

from agent.checks.disk_encryption import macos
from agent.checks.disk_encryption.filevault import parse_status
from agent.host import CannotTell, Output, ToolMissing, Unparsable
from agent.observation import observe
from protos.posture.v1.signals_pb2 import Observation, Protection, UnknownReason, VolumeRole
from tests.fakes import Answer, FakeHost

ENCRYPTED = Protection.PROTECTION_ENCRYPTED
APFS = "diskutil apfs list -plist"
ON, OFF = "FileVault is On.\n", "FileVault is Off.\n"


def volume(device: str, name: str, *roles: str, **flags: bool) -> dict[str, object]:
    usual = {"FileVault": True, "Encryption": True, "CryptoMigrationOn": False, "Locked": False}
    return {"DeviceIdentifier": device, "Name": name, "Roles": list(roles), **usual, **flags}


def container(number: int, store: str, *volumes: Mapping[str, object]) -> dict[str, object]:
    return {
        "ContainerReference": f"disk{number}",
        "PhysicalStores": [{"DeviceIdentifier": store}],
        "Volumes": list(volumes),
    }


def listed(*containers: Mapping[str, object]) -> str:
    return plistlib.dumps({"Containers": list(containers)}).decode()


def system(**flags: bool) -> dict[str, object]:
    """As an Apple silicon Mac has it; the sealed system itself is not "Encryption"."""
    clear = {"FileVault": False, "Encryption": True}
    return container(
        3,
        "disk0s2",
        volume("disk3s1", "Macintosh HD", "System", **{"Encryption": False, **flags}),
        volume("disk3s2", "Preboot", "Preboot", **clear),
        volume("disk3s3", "Recovery", "Recovery", **clear),
        volume("disk3s5", "Data", "Data", **flags),
        volume("disk3s6", "VM", "VM", **clear),
    )


def built_in(*disks: str) -> str:
    return plistlib.dumps({"WholeDisks": list(disks)}).decode()


def everything(*disks: Mapping[str, object]) -> str:
    return plistlib.dumps({"AllDisksAndPartitions": list(disks)}).decode()


ROOT = {
    "DeviceIdentifier": "disk3",
    "Content": "EF57347C-0000-11AA-AA11-00306543ECAC",
    "APFSVolumes": [
        {"DeviceIdentifier": "disk3s1", "MountedSnapshots": [{"SnapshotMountPoint": "/"}]},
        {"DeviceIdentifier": "disk3s5", "MountPoint": "/System/Volumes/Data"},
    ],
}


def mac(apfs: Answer, status: Answer = ON, **more: Answer) -> FakeHost:
    return FakeHost(os="macos", commands={APFS: apfs, "fdesetup status": status, **more})


def whole(apfs: str, *disks: Mapping[str, object], status: str = ON) -> FakeHost:
    return mac(
        apfs,
        status,
        **{
            "diskutil list -plist internal physical": built_in("disk0"),
            "diskutil list -plist": everything(ROOT, *disks),
        },
    )


def look(host: FakeHost) -> Observation:
    return observe("disk_encryption", macos.observe, host)


def protections(seen: Observation) -> dict[str, str]:
    return {
        v.name: Protection.Name(v.protection).removeprefix("PROTECTION_")
        for v in seen.disk_encryption.volumes
    }


def roles(seen: Observation) -> dict[str, str]:
    return {
        v.name: VolumeRole.Name(v.role).removeprefix("VOLUME_ROLE_")
        for v in seen.disk_encryption.volumes
    }


def gaps(seen: Observation) -> dict[str, str]:
    return {
        gap.field: UnknownReason.Name(gap.reason).removeprefix("UNKNOWN_REASON_")
        for gap in seen.gaps
    }


def test_filevault_on_every_volume_of_a_person_is_encrypted() -> None:
    seen = look(whole(listed(system())))
    assert protections(seen) == {"/": "ENCRYPTED", "/System/Volumes/Data": "ENCRYPTED"}
    assert set(roles(seen).values()) == {"SYSTEM"}
    assert not seen.gaps
    assert {v.method for v in seen.disk_encryption.volumes} == {"FileVault"}


def test_encryption_of_the_hardware_alone_is_not_filevault_fleet_16956() -> None:
    seen = look(whole(listed(system(FileVault=False, Encryption=True)), status=OFF))
    assert set(protections(seen).values()) == {"KEY_EXPOSED"}


def test_a_mac_without_hardware_encryption_and_without_filevault_is_plain() -> None:
    seen = look(whole(listed(system(FileVault=False, Encryption=False)), status=OFF))
    assert set(protections(seen).values()) == {"PLAIN"}


def test_what_is_in_clear_by_design_is_not_judged() -> None:
    isc = container(1, "disk0s1", volume("disk1s1", "iSCPreboot", "Preboot", FileVault=False))
    assert list(protections(look(whole(listed(isc, system()))))) == ["/", "/System/Volumes/Data"]


def test_a_volume_without_a_role_counts_like_the_nix_store() -> None:
    one = system()
    one["Volumes"].append(volume("disk3s7", "Nix Store", FileVault=False))  # type: ignore[attr-defined]
    seen = look(whole(listed(one)))
    assert protections(seen)["Nix Store"] == "KEY_EXPOSED"
    assert roles(seen)["Nix Store"] == "DATA"


def test_a_conversion_under_way_is_partial_whatever_the_flag_says() -> None:
    seen = look(whole(listed(system(CryptoMigrationOn=True))))
    assert set(protections(seen).values()) == {"PARTIAL"}


def test_filevault_is_on_with_encryption_in_progress_is_partial() -> None:
    said = ON + "Encryption in progress: Percent completed = 34\n"
    seen = look(whole(listed(system()), status=said))
    assert set(protections(seen).values()) == {"PARTIAL"}
    assert b"34" not in seen.SerializeToString()


@pytest.mark.parametrize("value", [1, "Yes", "soon"])
def test_a_conversion_that_is_not_denied_in_so_many_words_is_under_way(value: object) -> None:
    one = system()
    for each in one["Volumes"]:  # type: ignore[attr-defined]
        each["CryptoMigrationOn"] = value
    assert set(protections(look(whole(listed(one)))).values()) == {"PARTIAL"}


def test_filevault_that_a_restart_is_to_change_is_not_told() -> None:
    said = "FileVault is On, but needs to be restarted to finish.\n"
    seen = look(whole(listed(system()), status=said))
    assert gaps(seen)["volumes[/].protection"] == "NO_DATA"
    assert gaps(seen)["volumes[/System/Volumes/Data].protection"] == "NO_DATA"
    assert look(mac(ToolMissing("no diskutil"), said)).WhichOneof("outcome") == "unknown"


def test_isactive_does_not_outdo_words_of_fdesetup_that_are_not_understood() -> None:
    host = whole(listed(system()), status=ON + "Conversion is paused.\n")
    host.commands = {**host.commands, "fdesetup isactive": "true\n"}
    assert gaps(look(host))["volumes[/].protection"] == "UNPARSABLE"


def test_decryption_in_progress_is_partial() -> None:
    said = "FileVault is Off.\nDecryption in progress: Percent completed = 80\n"
    assert set(protections(look(whole(listed(system()), status=said))).values()) == {"PARTIAL"}


def test_witnesses_that_disagree_are_not_believed() -> None:
    for flags, status in (({}, OFF), ({"FileVault": False}, ON)):
        seen = look(whole(listed(system(**flags)), status=status))
        assert set(protections(seen).values()) == {"UNSPECIFIED"}
        assert gaps(seen)["volumes[/].protection"] == "CONFLICTING_SOURCES"


def test_a_witness_that_answers_in_other_words_is_not_waved_through() -> None:
    seen = look(whole(listed(system()), status="FileVault est activé.\n"))
    assert gaps(seen)["volumes[/].protection"] == "UNPARSABLE"


def test_an_external_disk_is_removable() -> None:
    outside = container(5, "disk4s2", volume("disk5s1", "Backup", FileVault=False))
    seen = look(whole(listed(system(), outside)))
    assert roles(seen)["Backup"] == "REMOVABLE"


def test_a_mounted_disk_image_is_no_volume_of_this_mac() -> None:
    image = container(7, "disk6s1", volume("disk7s1", "Installer", FileVault=False))
    assert roles(look(whole(listed(system(), image))))["Installer"] == "REMOVABLE"


CAMERA = {
    "DeviceIdentifier": "disk4",
    "Content": "FDisk_partition_scheme",
    "Partitions": [
        {"DeviceIdentifier": "disk4s1", "Content": "DOS_FAT_32", "MountPoint": "/Volumes/EOS"}
    ],
}


@pytest.mark.parametrize(("named", "role"), [("disk4", "REMOVABLE"), ("disk0", "DATA")])
def test_a_card_in_a_macs_own_reader_is_removable(named: str, role: str) -> None:
    host = whole(listed(system()), CAMERA)
    cards = [{"_name": "spcardreader", "_items": [{"_name": "SDXC", "bsd_name": named}]}]
    host.commands = {
        **host.commands,
        "diskutil list -plist internal physical": built_in("disk0", "disk4"),
        "system_profiler -json SPCardReaderDataType": json.dumps({"SPCardReaderDataType": cards}),
    }
    assert roles(look(host))["/Volumes/EOS"] == role


def test_a_second_built_in_disk_counts_where_cards_are_not_told_of() -> None:
    host = whole(listed(system()), CAMERA)
    command = "diskutil list -plist internal physical"
    host.commands = {**host.commands, command: built_in("disk0", "disk4")}
    assert roles(look(host))["/Volumes/EOS"] == "DATA"


def test_a_container_that_lies_in_part_on_a_built_in_disk_counts() -> None:
    stores = [{"DeviceIdentifier": "disk0s4"}, {"DeviceIdentifier": "disk4s2"}]
    wide = {**container(5, "", volume("disk5s1", "Work", FileVault=False))}
    seen = look(whole(listed(system(), {**wide, "PhysicalStores": stores})))
    assert roles(seen)["Work"] == "DATA"


def test_a_container_of_its_own_without_filevault_is_seen_beside_a_system_with_it() -> None:
    other = container(5, "disk0s4", volume("disk5s1", "Work", FileVault=False))
    seen = look(whole(listed(system(), other)))
    assert (protections(seen)["Work"], roles(seen)["Work"]) == ("KEY_EXPOSED", "DATA")


def test_a_volume_that_is_locked_is_encrypted() -> None:
    one = system()
    one["Volumes"].append(volume("disk3s7", "Old", Locked=True))  # type: ignore[attr-defined]
    assert protections(look(whole(listed(one))))["Old"] == "ENCRYPTED"


def test_an_hfs_volume_on_a_built_in_disk_is_plain() -> None:
    old = {"DeviceIdentifier": "disk0s3", "Content": "Apple_HFS", "VolumeName": "Old"}
    inside = {"DeviceIdentifier": "disk0", "Partitions": [{**old, "MountPoint": "/Volumes/Old"}]}
    seen = look(whole(listed(system()), inside))
    assert protections(seen)["/Volumes/Old"] == "PLAIN"
    assert roles(seen)["/Volumes/Old"] == "DATA"


def test_core_storage_is_not_guessed_at() -> None:
    old = {"DeviceIdentifier": "disk0s3", "Content": "Apple_CoreStorage", "VolumeName": "Old"}
    seen = look(whole(listed(system()), {"DeviceIdentifier": "disk0", "Partitions": [old]}))
    assert gaps(seen) == {"volumes[Old].protection": "NO_DATA"}


def test_without_a_list_of_disks_an_unplaced_plain_volume_is_unknown_and_not_a_failure() -> None:
    other = container(5, "disk4s2", volume("disk5s1", "Else", FileVault=False))
    seen = look(mac(listed(system(), other)))
    assert gaps(seen)["volumes"] == "TOOL_MISSING"
    assert roles(seen)["Else"] == "UNSPECIFIED"
    assert "volumes[Else].role" in gaps(seen)
    assert roles(seen)["/"] == "SYSTEM"


def test_fdesetup_alone_speaks_for_the_running_system_only() -> None:
    seen = look(mac(ToolMissing("no diskutil")))
    assert protections(seen) == {"/": "ENCRYPTED"}
    assert gaps(seen) == {"volumes": "TOOL_MISSING"}


def test_a_flag_that_is_not_said_is_a_gap() -> None:
    one = system()
    for each in one["Volumes"]:  # type: ignore[attr-defined]
        del each["FileVault"]
        each["Encryption"] = True
    seen = look(whole(listed(one)))
    assert set(protections(seen).values()) == {"UNSPECIFIED"}


@pytest.mark.parametrize(
    ("said", "on", "remark"),
    [
        (ON, True, ""),
        (ON + "FileVault master keychain appears to be installed.\n", True, "institutional"),
        (OFF, False, ""),
        (OFF + "Deferred enablement appears to be active for user 'x'.\n", False, "deferred"),
        (OFF + "Deferred enablement appears to be active.\n", False, "deferred"),
        ("FileVault is Off, but will be enabled after the next restart.\n", False, "restart"),
    ],
)
def test_every_documented_wording_of_fdesetup(said: str, on: bool, remark: str) -> None:
    found = parse_status(said)
    assert found.on is on
    assert remark in found.said
    assert "'x'" not in found.said


@pytest.mark.parametrize(
    "said", ["", "FileVault est activé.\n", ON + OFF, "FileVault is Onward.\n"]
)
def test_other_words_of_fdesetup_are_not_believed(said: str) -> None:
    with pytest.raises(Unparsable):
        parse_status(said)


def test_fdesetup_isactive_and_mdmclient_stand_in_for_the_status() -> None:
    security = 'Daemon response: {\n    "FDE_Enabled" = 0;\n}\nAgent response: (null)\n'
    asked: list[tuple[str, Answer]] = [
        ("fdesetup isactive", Output("false\n", "", 1)),
        ("mdmclient QuerySecurityInfo", security),
    ]
    for command, answer in asked:
        seen = look(mac(ToolMissing("no"), ToolMissing("no"), **{command: answer}))
        assert protections(seen) == {"/": "PLAIN"}


def test_isactive_with_an_empty_answer_says_nothing() -> None:
    no: CannotTell = ToolMissing("no")
    seen = look(mac(no, no, **{"fdesetup isactive": ""}))
    assert seen.WhichOneof("outcome") == "unknown"


TEXT = """APFS Containers (2 found)
|
+-- Container disk1 57770A0F-0637-44E3-94BE-52D37EAFB88E
|   ====================================================
|   APFS Container Reference:     disk1
|   |
|   +-> Volume disk1s1 10DC02F1-71D9-4D8C-A666-899BFDFE2058
|       ---------------------------------------------------
|       APFS Volume Disk (Role):   disk1s1 (Preboot)
|       Name:                      iSCPreboot (Case-insensitive)
|       FileVault:                 No
|
+-- Container disk3 E9A0C7D1-0000-4B41-8ACB-9AA3C3E1B8CC
    ====================================================
    APFS Container Reference:     disk3
    |
    +-< Physical Store disk0s2 86D4B7EC-6FA5-4042-93A7-D3766A222EBE
    |   -----------------------------------------------------------
    |   APFS Physical Store Disk:   disk0s2
    |
    +-> Volume disk3s1 7A27E734-880F-4D91-A703-FB55861D49B7
    |   ---------------------------------------------------
    |   APFS Volume Disk (Role):   disk3s1 (System)
    |   Name:                      Macintosh HD (Case-insensitive)
    |   Mount Point:               /System/Volumes/Update/mnt1
    |   FileVault:                 Yes (Unlocked)
    |   Encrypted:                 No
    |   |
    |   Snapshot:                  FAA23E0C-791C-43FF-B0E7-0E1C0810AC61
    |   Snapshot Mount Point:      /
    |
    +-> Volume disk3s7 281959B7-07A1-4940-BDDF-6419360F3327
        ---------------------------------------------------
        APFS Volume Disk (Role):   disk3s7 (No specific role)
        Name:                      Nix Store (Case-insensitive)
        FileVault:                 {nix}
"""


@pytest.mark.parametrize(
    ("words", "protection"),
    [
        ("Yes (Unlocked)", "ENCRYPTED"),
        ("No (Encrypted at rest)", "KEY_EXPOSED"),
        ("No", "PLAIN"),
        ("Yes (Unlocked)\n        Encryption Progress:       15.0%", "PARTIAL"),
        ("Oui (Déverrouillé)", "UNSPECIFIED"),
    ],
)
def test_the_text_form_is_read_where_the_property_list_is_not_at_hand(
    words: str, protection: str
) -> None:
    commands = {"diskutil apfs list": TEXT.replace("{nix}", words), "fdesetup status": ON}
    seen = look(FakeHost(os="macos", commands=commands))
    assert protections(seen) == {"/": "ENCRYPTED", "Nix Store": protection}


def test_a_text_that_lost_its_volumes_is_not_believed() -> None:
    cut = TEXT.replace("+-> Volume", "Volume")
    host = FakeHost(os="macos", commands={"diskutil apfs list": cut})
    assert look(host).unknown.reason == UnknownReason.UNKNOWN_REASON_UNPARSABLE
