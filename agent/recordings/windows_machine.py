"""Facts that a tool shows under its own names, under the names that our questions have for them.

Get-ComputerInfo and probes of the firmware show registry values and rows of several classes;
Get-NetFirewallProfile without a store shows what the registry holds; sc and tasklist show services.
"""

import re
from collections.abc import Mapping

from agent.host import FileMissing, Row
from agent.recordings.loose import Answers, Loose

CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
FIREWALL = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
SECURE_BOOT = r"HKLM\SYSTEM\CurrentControlSet\Control\SecureBoot\State"
CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
PROFILES = {"domain": "DomainProfile", "private": "StandardProfile", "public": "PublicProfile"}

COMPUTER_INFO = {
    "OsName": ("Win32_OperatingSystem", "Caption"),
    "OsVersion": ("Win32_OperatingSystem", "Version"),
    "OsBuildNumber": ("Win32_OperatingSystem", "BuildNumber"),
    "OsProductType": ("Win32_OperatingSystem", "ProductType"),
    "OsOperatingSystemSKU": ("Win32_OperatingSystem", "OperatingSystemSKU"),
    "OsArchitecture": ("Win32_OperatingSystem", "OSArchitecture"),
    "OsLastBootUpTime": ("Win32_OperatingSystem", "LastBootUpTime"),
    "CsName": ("Win32_ComputerSystem", "Name"),
    "CsDNSHostName": ("Win32_ComputerSystem", "DNSHostName"),
    "CsManufacturer": ("Win32_ComputerSystem", "Manufacturer"),
    "CsModel": ("Win32_ComputerSystem", "Model"),
    "CsTotalPhysicalMemory": ("Win32_ComputerSystem", "TotalPhysicalMemory"),
    "CsPartOfDomain": ("Win32_ComputerSystem", "PartOfDomain"),
    "HyperVisorPresent": ("Win32_ComputerSystem", "HypervisorPresent"),
    "BiosManufacturer": ("Win32_BIOS", "Manufacturer"),
    "BiosSeralNumber": ("Win32_BIOS", "SerialNumber"),  # the cmdlet's own spelling
    "BiosSerialNumber": ("Win32_BIOS", "SerialNumber"),
    "BiosSMBIOSPresent": ("Win32_BIOS", "SMBIOSPresent"),
    "BiosSMBIOSBIOSVersion": ("Win32_BIOS", "SMBIOSBIOSVersion"),
    "BiosBIOSVersion": ("Win32_BIOS", "BIOSVersion"),
}
PRODUCT_TYPES = {"workstation": 1, "domaincontroller": 2, "server": 3}
WINDOWS = {
    "WindowsInstallationType": "InstallationType",
    "WindowsEditionId": "EditionID",
    "WindowsProductName": "ProductName",
    "WindowsUBR": "UBR",
    "OsBuildNumber": "CurrentBuildNumber",
    "OSDisplayVersion": "DisplayVersion",
    "WindowsDisplayVersion": "DisplayVersion",
}
OF_CURRENT_VERSION = frozenset(
    ("EditionID", "InstallationType", "ProductName", "CurrentBuildNumber", "UBR", "DisplayVersion")
)
RUNNING = "4"
"""SERVICE_RUNNING; the word beside it is translated in some languages."""
STATES = {"1": "Stopped", "2": "Start Pending", "3": "Stop Pending", "4": "Running", "7": "Paused"}


def computer_info(rows: list[Row], answers: Answers) -> None:
    """Get-ComputerInfo: rows of three classes and values of one key."""
    for row in rows[:1]:
        found: dict[str, dict[str, object]] = {}
        for name, (question, ours) in COMPUTER_INFO.items():
            if row.get(name) is not None:
                found.setdefault(question, {})[ours] = _product(ours, row[name])
        for question, one in found.items():
            answers.rows.setdefault(question, [one])
        current_version({WINDOWS[n]: v for n, v in row.items() if n in WINDOWS}, answers)
        _firmware(row.get("BiosFirmwareType"), answers)


def _product(name: str, value: object) -> object:
    if name == "ProductType" and isinstance(value, str):
        return PRODUCT_TYPES.get(value.replace(" ", "").lower(), value)
    return value


def current_version(values: Mapping[str, object], answers: Answers) -> None:
    """Values of HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion."""
    for name, value in values.items():
        if name in OF_CURRENT_VERSION and isinstance(value, str | int) and value != "":
            held = int(value) if name == "UBR" else str(value)
            answers.registry.put(CURRENT_VERSION, name, held)


def _firmware(kind: object, answers: Answers) -> None:
    number = {"1": 1, "2": 2, "bios": 1, "legacy": 1, "uefi": 2}.get(str(kind).lower())
    if number is not None:
        answers.registry.put(CONTROL, "PEFirmwareType", number)


def probes(value: Mapping[str, object], answers: Answers) -> bool:
    """An object of a probe: Secure Boot (``Efi``, ``Enabled``), the firmware, the version's key."""
    known = False
    if isinstance(value.get("Efi"), bool) and isinstance(value.get("Enabled"), bool):
        name = "UEFISecureBootEnabled"
        missing = FileMissing(f"{SECURE_BOOT} has no value {name}")
        answers.registry.put(
            SECURE_BOOT, name, int(bool(value["Enabled"])) if value["Efi"] else missing
        )
        _firmware("uefi" if value["Efi"] else "bios", answers)
        known = True
    if isinstance(value.get("WindowsProduct"), dict):
        current_version(dict(value["WindowsProduct"]), answers)  # type: ignore[call-overload]
        known = True
    if "FirmwareType" in value:
        _firmware(value["FirmwareType"], answers)
        known = True
    return known


def local_firewall(rows: list[Row], answers: Answers) -> None:
    """The local settings: what the registry holds, and NotConfigured is a value that is not there.

    The registry counts the inbound action as 0 allow, 1 block; a property that is not shown is not
    known.
    """
    switch = {"true": 1, "1": 1, "false": 0, "0": 0}
    action = {"allow": 0, "2": 0, "block": 1, "4": 1}
    for row in rows:
        profile = PROFILES.get(str(row.get("Name") or row.get("Profile")).lower())
        if profile is None:
            continue
        _local(row, ("Enabled", "EnableFirewall", switch), f"{FIREWALL}\\{profile}", answers)
        inbound = ("DefaultInboundAction", "DefaultInboundAction", action)
        _local(row, inbound, f"{FIREWALL}\\{profile}", answers)


def _local(row: Row, names: tuple[str, str, Mapping[str, int]], key: str, answers: Answers) -> None:
    shown, stored, numbers = names
    if row.get(shown) is None:
        return
    value = numbers.get(str(row[shown]).lower())
    missing = FileMissing(f"{key} has no value {stored}")
    answers.registry.put(key, stored, missing if value is None else value)


SYSTEMINFO = {
    "Host Name": ("Win32_ComputerSystem", "Name"),
    "OS Name": ("Win32_OperatingSystem", "Caption"),
    "System Manufacturer": ("Win32_ComputerSystem", "Manufacturer"),
    "System Model": ("Win32_ComputerSystem", "Model"),
}
CONFIGURATIONS = {
    "standalone workstation": 1,
    "member workstation": 1,
    "primary domain controller": 2,
    "backup domain controller": 2,
    "additional/backup domain controller": 2,
    "standalone server": 3,
    "member server": 3,
}
"""OS Configuration of systeminfo, as Win32_OperatingSystem.ProductType."""


def systeminfo(text: str, answers: Answers) -> None:
    """In English, the one language it is believed in; the version's number is in every language."""
    shown = dict(re.findall(r"^([A-Z][\w ]+?): +(.*?)\r?$", text, re.MULTILINE))
    found: dict[str, dict[str, object]] = {}
    for label, (question, name) in SYSTEMINFO.items():
        if label in shown:
            found.setdefault(question, {})[name] = shown[label]
    system = found.setdefault("Win32_OperatingSystem", {})
    if (version := re.search(r"\b(\d+\.\d+\.(\d{4,}))\b.*\b\2\b", text)) is not None:
        system |= {"Version": version[1], "BuildNumber": version[2]}
    if (kind := CONFIGURATIONS.get(shown.get("OS Configuration", "").lower())) is not None:
        system["ProductType"] = kind
    for question, row in found.items():
        if row:
            answers.rows.setdefault(question, [row])


def from_tool(loose: Loose, answers: Answers) -> None:
    """Services, of ``sc query`` (in numbers) and ``tasklist /svc`` (those that run)."""
    found: list[Row] = []
    if loose.name.lower() == "systeminfo":
        systeminfo(loose.text, answers)
    elif loose.name.lower().startswith("sc_query"):
        pattern = r"SERVICE_NAME\s*: *(\S+).*?STATE\s*: *(\d)"
        for name, state in re.findall(pattern, loose.text, re.DOTALL):
            found.append({"Name": name, "State": STATES.get(state, "Unknown")})
    elif loose.name.lower().startswith("tasklist"):
        for services in re.findall(r"^\S.*?\.exe\s+\d+ (.+)$", loose.text, re.MULTILINE):
            names = [
                name.strip() for name in services.split(",") if name.strip() not in ("", "N/A")
            ]
            found += [{"Name": name, "State": "Running"} for name in names]
    held = answers.rows.get("Win32_Service")
    if found:
        answers.rows["Win32_Service"] = [*(held if isinstance(held, list) else []), *found]
