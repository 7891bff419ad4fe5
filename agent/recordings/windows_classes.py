"""Which class a file or a section of one is about, and its values in the class's own numbers.

A cmdlet shows the same properties as its class and puts words for numbers. Where a cmdlet reads
another source than our question does, it is not a name of that class: Get-NetFirewallProfile asks
the local settings unless its file says ActiveStore.
"""

import re
from collections.abc import Mapping

from agent.host import Row
from agent.windows.questions import QUESTIONS

CMDLETS = {
    "get-mpcomputerstatus": "MSFT_MpComputerStatus",
    "get-netconnectionprofile": "MSFT_NetConnectionProfile",
    "get-physicaldisk": "MSFT_PhysicalDisk",
    "get-disk": "MSFT_Disk",
    "get-partition": "MSFT_Partition",
    "get-service": "Get-Service",
    "get-bitlockervolume": "Get-BitLockerVolume",
    "get-computerinfo": "Get-ComputerInfo",
    "get-netfirewallprofile": "Get-NetFirewallProfile",
    "bitlocker_info": "bitlocker_info",
    "iupdatesearcher": "Microsoft.Update.Searcher",
    "microsoft.update.session": "Microsoft.Update.Searcher",
    "win32_bios": "Win32_BIOS",
}
SECTIONS = {
    "bios": "Win32_BIOS",
    "computersystem": "Win32_ComputerSystem",
    "os": "Win32_OperatingSystem",
    "operatingsystem": "Win32_OperatingSystem",
    "computersystemproduct": "Win32_ComputerSystemProduct",
    "baseboard": "Win32_BaseBoard",
    "systemenclosure": "Win32_SystemEnclosure",
    "processors": "Win32_Processor",
    "antivirus": "AntiVirusProduct",
    "antivirusproduct": "AntiVirusProduct",
    "firewall": "FirewallProduct",
    "firewallproduct": "FirewallProduct",
}
"""Parts of one JSON object that holds several classes."""

NAMES = {name.lower(): name for name in QUESTIONS} | CMDLETS

WORDS: Mapping[str, Mapping[str, Mapping[str, int]]] = {
    "MSFT_NetFirewallProfile": {
        "Enabled": {"false": 0, "true": 1, "notconfigured": 2},
        "DefaultInboundAction": {"notconfigured": 0, "allow": 2, "block": 4},
        "AllowInboundRules": {"false": 0, "true": 1, "notconfigured": 2},
        "AllowLocalFirewallRules": {"false": 0, "true": 1, "notconfigured": 2},
    },
    "MSFT_NetConnectionProfile": {
        "NetworkCategory": {"public": 0, "private": 1, "domainauthenticated": 2},
    },
    "MSFT_PhysicalDisk": {
        "MediaType": {"unspecified": 0, "hdd": 3, "ssd": 4, "scm": 5},
        "BusType": {"sata": 11, "nvme": 17, "usb": 7, "sas": 10, "raid": 8},
    },
    "MSFT_Disk": {"BusType": {"sata": 11, "nvme": 17, "usb": 7, "sas": 10, "raid": 8}},
    "Win32_EncryptableVolume": {
        "GetProtectionStatus": {"off": 0, "on": 1, "unknown": 2},
        "GetConversionStatus": {
            "fullydecrypted": 0,
            "fullyencrypted": 1,
            "encryptioninprogress": 2,
            "decryptioninprogress": 3,
            "encryptionpaused": 4,
            "encryptionsuspended": 4,
            "decryptionpaused": 5,
            "decryptionsuspended": 5,
        },
        "GetLockStatus": {"unlocked": 0, "locked": 1},
        "VolumeType": {"operatingsystem": 0, "data": 1},
        "GetEncryptionMethod": {
            "none": 0,
            "aes128diffuser": 1,
            "aes256diffuser": 2,
            "aes128": 3,
            "aes256": 4,
            "hardware": 5,
            "xtsaes128": 6,
            "xtsaes256": 7,
        },
        "EncryptionMethod": {"none": 0, "aes_128": 3, "aes_256": 4, "xts_aes_128": 6},
    },
}
PROTECTORS = {
    "tpm": 1,
    "externalkey": 2,
    "recoverypassword": 3,
    "tpmpin": 4,
    "tpmstartupkey": 5,
    "tpmpinstartupkey": 6,
    "publickey": 7,
    "password": 8,
    "tpmnetworkkey": 9,
    "adaccountorgroup": 10,
    "sid": 10,
}
"""KeyProtectorType as Get-BitLockerVolume names it."""

BITLOCKER = {
    "MountPoint": "DriveLetter",
    "VolumeStatus": "GetConversionStatus",
    "ProtectionStatus": "GetProtectionStatus",
    "EncryptionPercentage": "EncryptionPercentage",
    "EncryptionMethod": "GetEncryptionMethod",
    "LockStatus": "GetLockStatus",
    "VolumeType": "VolumeType",
}
"""Get-BitLockerVolume calls the methods of the class; these are its names for their answers."""

OSQUERY = {
    "drive_letter": "DriveLetter",
    "device_id": "DeviceID",
    "conversion_status": "ConversionStatus",
    "protection_status": "ProtectionStatus",
    "encryption_method": "EncryptionMethod",
    "percentage_encrypted": "EncryptionPercentage",
    "lock_status": "GetLockStatus",
}
"""osquery's table bitlocker_info reads the cached properties."""


def class_in(name: str) -> str | None:
    """The class or cmdlet that a file's name holds; the longest, where one is part of another.

    >>> class_in("latitude-7480-Win32_ComputerSystemProduct"), class_in("Get-CimInstance_X")
    ('Win32_ComputerSystemProduct', None)
    """
    low = name.lower()
    bound = "(?<![a-z0-9]){}(?![a-z0-9])"
    held = [known for known in NAMES if re.search(bound.format(re.escape(known)), low)]
    return NAMES[max(held, key=len)] if held else None


def in_numbers(question: str, row: Row) -> Row:
    """The row with numbers where a cmdlet put words for them; other values stay as they are."""
    known = WORDS.get(question, {})
    return {name: _number(known.get(name), value) for name, value in row.items()}


def _number(words: Mapping[str, int] | None, value: object) -> object:
    if words is None:
        return value
    if isinstance(value, bool):
        value = str(value)
    return words.get(value.strip().lower(), value) if isinstance(value, str) else value


def of_bitlocker(row: Row) -> Row:
    """A row of Get-BitLockerVolume as one of Win32_EncryptableVolume."""
    found = {ours: row[theirs] for theirs, ours in BITLOCKER.items() if theirs in row}
    if "KeyProtector" in row:
        held = row["KeyProtector"]
        listed = held if isinstance(held, list) else [held] if held else []
        names = [p.get("KeyProtectorType") if isinstance(p, dict) else p for p in listed]
        types = [
            name if isinstance(name, int) else PROTECTORS.get(str(name).lower()) for name in names
        ]
        if None not in types:
            found["KeyProtectorTypes"] = types
    return in_numbers("Win32_EncryptableVolume", found)


def of_osquery(row: Row) -> Row:
    """A row of osquery's bitlocker_info as one of Win32_EncryptableVolume."""
    found = {OSQUERY[name]: value for name, value in row.items() if name in OSQUERY}
    return in_numbers("Win32_EncryptableVolume", found)


SERVICE_STATES = {"1": "Stopped", "4": "Running", "7": "Paused"}
START_MODES = {"2": "Auto", "automatic": "Auto", "3": "Manual", "4": "Disabled"}


def of_service(row: Row) -> Row:
    """A row of Get-Service as one of Win32_Service."""
    found: dict[str, object] = {"Name": row.get("Name") or row.get("ServiceName")}
    if (state := row.get("Status")) is not None:
        found["State"] = SERVICE_STATES.get(str(state), state)
    if (mode := row.get("StartType")) is not None:
        found["StartMode"] = START_MODES.get(str(mode).lower(), mode)
    return found
