"""Fills the inventory of a Windows machine; what cannot be read is left unset.

ProductName still says "Windows 10" on Windows 11: from build 22000 on it is 11, whatever the name.
"""

import re
from collections.abc import Sequence

from agent.device.firmware import Firmware
from agent.device.identifiers import believable, believable_uuid, hidden
from agent.device.windows_disks import MOST_BYTES, boot_serial, read_disks
from agent.host import CannotTell, Host, Row
from agent.windows.edition import CURRENT_VERSION, is_server
from agent.windows.hypervisor import hypervisor
from agent.windows.rows import each, flag, number, words
from protos.posture.v1.device_pb2 import FormFactor, Inventory, Platform

CONTROL = r"HKLM\SYSTEM\CurrentControlSet"
BIOS_KEY = r"HKLM\HARDWARE\DESCRIPTION\System\BIOS"
CPU_KEY = r"HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor\0"
ENVIRONMENT = rf"{CONTROL}\Control\Session Manager\Environment"
FIRST_BUILD_OF_11 = 22000
MOST_CORES = 1 << 16
ARCHITECTURES = {0: "x86", 5: "arm", 9: "x86_64", 12: "aarch64"}
"""Win32_Processor.Architecture."""
NAMED_ARCHITECTURES = {"AMD64": "x86_64", "ARM64": "aarch64", "x86": "x86"}
FIRMWARE = (
    ("sys_vendor", "Win32_ComputerSystem", "Manufacturer", "SystemManufacturer"),
    ("sys_vendor", "Win32_ComputerSystemProduct", "Vendor", ""),
    ("product_name", "Win32_ComputerSystem", "Model", "SystemProductName"),
    ("product_name", "Win32_ComputerSystemProduct", "Name", ""),
    ("product_version", "Win32_ComputerSystemProduct", "Version", "SystemVersion"),
    ("product_serial", "Win32_BIOS", "SerialNumber", ""),
    ("product_serial", "Win32_ComputerSystemProduct", "IdentifyingNumber", ""),
    ("product_uuid", "Win32_ComputerSystemProduct", "UUID", ""),
    ("board_vendor", "Win32_BaseBoard", "Manufacturer", "BaseBoardManufacturer"),
    ("board_name", "Win32_BaseBoard", "Product", "BaseBoardProduct"),
    ("board_serial", "Win32_BaseBoard", "SerialNumber", ""),
)
"""A field of the firmware, the class and property that hold it, its name in the registry."""
KINDS = {
    1: FormFactor.FORM_FACTOR_DESKTOP,
    2: FormFactor.FORM_FACTOR_LAPTOP,
    3: FormFactor.FORM_FACTOR_DESKTOP,
    4: FormFactor.FORM_FACTOR_SERVER,
    5: FormFactor.FORM_FACTOR_SERVER,
    7: FormFactor.FORM_FACTOR_SERVER,
    8: FormFactor.FORM_FACTOR_TABLET,
}
"""Win32_ComputerSystem.PCSystemType: where the chassis says nothing."""


def fill(host: Host) -> Inventory:
    """Never raises CannotTell."""
    inventory = Inventory(platform=Platform.PLATFORM_WINDOWS)
    firmware = _firmware(host)
    _put(
        inventory,
        manufacturer=firmware.manufacturer,
        model=firmware.model,
        serial=firmware.get("product_serial"),
    )
    _system(inventory, host)
    _hardware(inventory, host)
    _kind(inventory, host, firmware)
    _fingerprint(inventory, host, firmware)
    return inventory


def _rows(host: Host, question: str) -> Sequence[Row]:
    try:
        return host.cim(question)
    except CannotTell:
        return ()


def _told(host: Host, question: str, name: str) -> str:
    """The property of the first instance, "" when there is none."""
    rows = _rows(host, question)
    return (words(rows[0], name) or "") if rows else ""


def _number(host: Host, question: str, name: str) -> int | None:
    try:
        return next((number(row, name) for row in _rows(host, question)), None)
    except CannotTell:
        return None


def _stored(host: Host, key: str, name: str) -> str:
    try:
        value = host.registry(key, name)
    except CannotTell:
        return ""
    return str(value).strip() if isinstance(value, str | int) else ""


def _put(inventory: Inventory, **fields: str | int | None) -> None:
    for name, value in fields.items():
        if value not in (None, "", 0):
            setattr(inventory, name, value)


def _firmware(host: Host) -> Firmware:
    """CIM before the registry, and what can be believed before a placeholder."""
    fields: dict[str, str] = {}
    for field, question, name, _ in FIRMWARE:
        if not believable(fields.get(field)) and (told := _told(host, question, name)):
            fields[field] = told
    for field, _, _, value in FIRMWARE:
        if value and field not in fields and (told := _stored(host, BIOS_KEY, value)):
            fields[field] = told
    chassis = [
        str(kind)
        for row in _rows(host, "Win32_SystemEnclosure")
        for kind in each(row, "ChassisTypes")
    ]
    return Firmware({**fields, "chassis_type": chassis[0] if chassis else ""})


def _system(inventory: Inventory, host: Host) -> None:
    build = _stored(host, CURRENT_VERSION, "CurrentBuildNumber")
    build = build or _told(host, "Win32_OperatingSystem", "BuildNumber")
    revision = _stored(host, CURRENT_VERSION, "UBR")
    server = is_server(host)
    _put(
        inventory,
        hostname=_told(host, "Win32_ComputerSystem", "DNSHostName")
        or _stored(host, rf"{CONTROL}\Services\Tcpip\Parameters", "Hostname")
        or _told(host, "Win32_ComputerSystem", "Name"),
        os_name=_os_name(host, build, server),
        os_version=_os_version(host, build),
        os_build=".".join(part for part in (build, revision) if build and part),
        os_edition=_stored(host, CURRENT_VERSION, "EditionID"),
        architecture=_architecture(host),
    )
    if inventory.os_version:
        server = server or (server is None and " Server" in inventory.os_name)
        inventory.os_id = "windows-server" if server else "windows"


def _os_name(host: Host, build: str, server: bool | None) -> str:
    """ "Windows 11 Pro 24H2": the registry's name is in English everywhere, CIM's is not."""
    name = _stored(host, CURRENT_VERSION, "ProductName")
    name = name or _told(host, "Win32_OperatingSystem", "Caption")
    name = re.sub(r"^Microsoft\s+", "", name)
    if not server and build.isdigit() and int(build) >= FIRST_BUILD_OF_11:
        name = re.sub(r"^Windows 10\b", "Windows 11", name)
    release = _stored(host, CURRENT_VERSION, "DisplayVersion")
    return f"{name} {release}" if name and release and release not in name else name


def _os_version(host: Host, build: str) -> str:
    """ "10.0.26100", which names a release of Windows 10 and 11 alike."""
    told = _told(host, "Win32_OperatingSystem", "Version")
    if re.fullmatch(r"\d+(\.\d+){2}", told):
        return told
    major = _stored(host, CURRENT_VERSION, "CurrentMajorVersionNumber")
    minor = _stored(host, CURRENT_VERSION, "CurrentMinorVersionNumber") or "0"
    return f"{major}.{minor}.{build}" if major and build else ""


def _architecture(host: Host) -> str:
    kind = _number(host, "Win32_Processor", "Architecture")
    if kind in ARCHITECTURES:
        return ARCHITECTURES[kind]
    return NAMED_ARCHITECTURES.get(_stored(host, ENVIRONMENT, "PROCESSOR_ARCHITECTURE"), "")


def _hardware(inventory: Inventory, host: Host) -> None:
    name = _told(host, "Win32_Processor", "Name") or _stored(host, CPU_KEY, "ProcessorNameString")
    try:
        cores = sum(number(row, "NumberOfCores") or 0 for row in _rows(host, "Win32_Processor"))
    except CannotTell:
        cores = 0
    memory = _number(host, "Win32_ComputerSystem", "TotalPhysicalMemory") or 0
    # Whole MiB: the firmware's own share differs a little from start to start.
    memory = memory >> 20 << 20 if 0 < memory < MOST_BYTES else 0
    cores = cores if 0 < cores < MOST_CORES else 0
    _put(inventory, cpu=" ".join(name.split()), cpu_cores=cores, memory_bytes=memory)
    inventory.disks.extend(read_disks(host))


def _kind(inventory: Inventory, host: Host, firmware: Firmware) -> None:
    bios = [
        str(line)
        for row in _rows(host, "Win32_BIOS")
        for line in (*each(row, "BIOSVersion"), words(row, "SMBIOSBIOSVersion") or "")
    ]
    below = hypervisor(firmware.manufacturer or "", firmware.model or "", bios)
    form_factor = firmware.form_factor
    if form_factor is None:
        kind = _number(host, "Win32_ComputerSystem", "PCSystemType")
        form_factor = KINDS.get(kind) if kind is not None else None
    if form_factor is None and is_server(host):
        form_factor = FormFactor.FORM_FACTOR_SERVER
    if below:
        inventory.virtualization = below
        form_factor = FormFactor.FORM_FACTOR_VIRTUAL_MACHINE
    if form_factor is not None:
        inventory.form_factor = form_factor


def _fingerprint(inventory: Inventory, host: Host, firmware: Firmware) -> None:
    guid = _stored(host, r"HKLM\SOFTWARE\Microsoft\Cryptography", "MachineGuid")
    parts = {
        "board": believable_uuid(firmware.fields.get("product_uuid")),
        "serial": firmware.get("product_serial") or firmware.get("board_serial"),
        "network": _lowest_address(host),
        "install": believable_uuid(guid.strip("{}")),
        "disk": boot_serial(host),
    }
    for name, value in parts.items():
        if value:
            setattr(inventory.fingerprint, name, hidden(f"{name}:{value}"))


def _lowest_address(host: Host) -> str | None:
    """Of adapters inside the machine (docks move about), and burnt in by their maker."""
    try:
        adapters = [
            (words(row, "MACAddress") or "").lower().replace("-", ":")
            for row in _rows(host, "Win32_NetworkAdapter")
            if flag(row, "PhysicalAdapter")
            and (words(row, "PNPDeviceID") or "").upper().startswith("PCI\\")
        ]
    except CannotTell:
        return None
    return min((address for address in adapters if _burnt_in(address)), default=None)


def _burnt_in(address: str) -> bool:
    """Bit 1 of the first byte marks an address that no maker gave (IEEE 802)."""
    if not re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", address):
        return False
    return not int(address[:2], 16) & 2 and len(set(address.split(":"))) > 1
