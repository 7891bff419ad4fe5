"""Windows machines for disks and firewall, written by hand from Microsoft's documented classes.

::

    python -m tests.recordings.made.windows tests/recordings/hosts
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.checks import CHECKS
from agent.host import CannotTell, Denied, Host, RegistryValue, Row, TimedOut
from tests.fakes import FakeHost
from tests.recordings.made.folders import write

WINDOWS = "\\\\?\\Volume{1f0a4ac1-0000-4a10-9d2e-000000000001}\\"
EFI = "\\\\?\\Volume{1f0a4ac1-0000-4a10-9d2e-000000000002}\\"
RECOVERY = "\\\\?\\Volume{1f0a4ac1-0000-4a10-9d2e-000000000003}\\"
DATA = "\\\\?\\Volume{1f0a4ac1-0000-4a10-9d2e-000000000004}\\"
STICK = "\\\\?\\Volume{1f0a4ac1-0000-4a10-9d2e-000000000005}\\"
FOLDER = "\\\\?\\Volume{1f0a4ac1-0000-4a10-9d2e-000000000006}\\"
TYPES = {
    EFI: "{c12a7328-f81f-11d2-ba4b-00a0c93ec93b}",
    RECOVERY: "{de94bba4-06d1-4d40-a16a-bfd50179d6ac}",
}
LOCAL = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
STORED = ("DomainProfile", "StandardProfile", "PublicProfile")
GROUP_POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall"
SLOW = TimedOut("no answer in time")
RUNNING = ({"Name": "mpssvc", "State": "Running"}, {"Name": "BFE", "State": "Running"})

Rows = Mapping[str, Sequence[Row] | CannotTell]


def volume(device: str, letter: str = "", **more: object) -> Row:
    return {
        "DeviceID": device,
        "DriveLetter": letter or None,
        "Name": f"{letter}\\" if letter else device,
        "DriveType": 3,
        "FileSystem": "NTFS",
        "BootVolume": letter == "C:",
        "SystemVolume": device == EFI,
        **more,
    }


def bitlocker(device: str, letter: str, **more: object) -> Row:
    return {
        "DeviceID": device,
        "DriveLetter": letter or None,
        "VolumeType": 0 if letter == "C:" else 1,
        "GetProtectionStatus": 1,
        "GetConversionStatus": 1,
        "EncryptionPercentage": 100,
        "EncryptionFlags": 1,
        "GetLockStatus": 0,
        "GetEncryptionMethod": 6,
        "KeyProtectorTypes": [1, 3],
        **more,
    }


PLAIN = {
    "GetProtectionStatus": 0,
    "GetConversionStatus": 0,
    "EncryptionPercentage": 0,
    "EncryptionFlags": 0,
    "GetEncryptionMethod": 0,
    "KeyProtectorTypes": None,
}
BOOTING = (volume(EFI, FileSystem="FAT32"), volume(RECOVERY))


def disks(volumes: Sequence[Row], told: Sequence[Row] | CannotTell) -> FakeHost:
    devices = [str(row["DeviceID"]) for row in volumes]
    basic = "{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}"
    partitions = [
        {"AccessPaths": [device], "DiskNumber": 0, "GptType": TYPES.get(device, basic)}
        for device in devices
        if device != STICK
    ]
    rows: Rows = {
        "Win32_Volume": volumes,
        "Win32_EncryptableVolume": told,
        "MSFT_Partition": partitions,
        "MSFT_Disk": [{"Number": 0, "BusType": 17, "IsBoot": True, "SerialNumber": "0001"}],
    }
    commands = {"manage-bde -status": Denied("only an administrator may ask")}
    return FakeHost(os="windows", rows=rows, commands=commands)


def profiles(**public: object) -> list[Row]:
    usual = {
        "Enabled": 1,
        "DefaultInboundAction": 4,
        "AllowInboundRules": 1,
        "AllowLocalFirewallRules": 1,
        "DisabledInterfaceAliases": None,
    }
    names = {"Domain": {}, "Private": {}, "Public": public}
    return [{"Name": name, **usual, **more} for name, more in names.items()]


def firewall(store: Sequence[Row] | CannotTell, **values: RegistryValue) -> FakeHost:
    stored: dict[str, RegistryValue | CannotTell] = {
        f"{LOCAL}\\{name}\\EnableFirewall": 1 for name in STORED
    }
    stored |= {f"{GROUP_POLICY}\\PublicProfile\\{name}": value for name, value in values.items()}
    services: Sequence[Row] | CannotTell = SLOW if isinstance(store, CannotTell) else RUNNING
    rows: Rows = {
        "MSFT_NetFirewallProfile": store,
        "Win32_Service": services,
        "MSFT_NetConnectionProfile": [{"InterfaceAlias": "Wi-Fi", "NetworkCategory": 1}],
        "Win32_ComputerSystem": [{"PartOfDomain": True}],
        "FirewallProduct": [],
    }
    return FakeHost(os="windows", rows=rows, values=stored)


MACHINES: dict[str, tuple[str, Host]] = {
    "disks-good": (
        "disk_encryption",
        disks(
            [
                volume(WINDOWS, "C:"),
                *BOOTING,
                volume(DATA, "D:"),
                volume(STICK, "E:", DriveType=2),
            ],
            [
                bitlocker(WINDOWS, "C:"),
                bitlocker(DATA, "D:", KeyProtectorTypes=[2, 3]),
                bitlocker(STICK, "E:", VolumeType=2, **PLAIN),
            ],
        ),
    ),
    "disks-bad": (
        "disk_encryption",
        disks(
            [
                volume(WINDOWS, "C:"),
                *BOOTING,
                volume(DATA, "D:"),
                volume(FOLDER, Name="C:\\Archive\\"),
            ],
            [
                bitlocker(WINDOWS, "C:", GetProtectionStatus=0, GetSuspendCount=1),
                bitlocker(
                    DATA,
                    "D:",
                    GetProtectionStatus=0,
                    GetConversionStatus=2,
                    EncryptionPercentage=40,
                ),
                bitlocker(FOLDER, "", **PLAIN),
            ],
        ),
    ),
    "disks-blind": (
        "disk_encryption",
        disks([volume(WINDOWS, "C:"), *BOOTING], Denied("access denied")),
    ),
    "firewall-good": ("firewall", firewall(profiles())),
    "firewall-bad": ("firewall", firewall(profiles(Enabled=0), EnableFirewall=0)),
    "firewall-blind": ("firewall", firewall(SLOW)),
}


def main(hosts: Path) -> None:
    for name, (signal, host) in MACHINES.items():
        write(hosts / f"windows-{name}", CHECKS[signal]["windows"], host)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
