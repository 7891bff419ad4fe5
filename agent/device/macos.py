"""Fills the inventory of a Mac; what cannot be read is left unset."""

import json
import re
from collections.abc import Callable

from agent.device.identifiers import believable, believable_uuid, hidden
from agent.device.mac_hardware import Hardware, read_hardware
from agent.host import CannotTell, Host
from agent.macos.profiler import profile
from agent.macos.version import mac_version
from protos.posture.v1.device_pb2 import Disk, FormFactor, Inventory, Platform

HYPERVISORS = {"VirtualMac": "apple", "VMware": "vmware", "Parallels": "parallels"}
"""By what the model begins with; the words are those of systemd-detect-virt(1)."""
OTHER_HYPERVISOR = "vm-other"
FORM_FACTORS = (
    ("MacBook", FormFactor.FORM_FACTOR_LAPTOP),
    ("PowerBook", FormFactor.FORM_FACTOR_LAPTOP),
    ("iMac", FormFactor.FORM_FACTOR_DESKTOP),
    ("Mac mini", FormFactor.FORM_FACTOR_DESKTOP),
    ("Macmini", FormFactor.FORM_FACTOR_DESKTOP),
    ("Mac Studio", FormFactor.FORM_FACTOR_DESKTOP),
    ("Mac Pro", FormFactor.FORM_FACTOR_DESKTOP),
    ("MacPro", FormFactor.FORM_FACTOR_DESKTOP),
    ("Xserve", FormFactor.FORM_FACTOR_SERVER),
)
"""By what the name or the model begins with; "Mac16,5" alone does not tell."""
ADDRESS = re.compile(
    r"^device: en0\nethernet address: ([0-9a-f]{2}(?::[0-9a-f]{2}){5})$", re.MULTILINE
)
DISKS = (("SPNVMeDataType", ""), ("SPSerialATADataType", "spsata_medium_type"))
MOST_BYTES = 1 << 60


def fill(host: Host) -> Inventory:
    """Never raises CannotTell."""
    inventory = Inventory(platform=Platform.PLATFORM_MACOS)
    hardware = read_hardware(host)
    _machine(inventory, hardware)
    _system(inventory, host)
    _put(inventory, hostname=_name(host))
    inventory.disks.extend(_disks(host))
    _kind(inventory, host, hardware)
    _fingerprint(inventory, host, hardware)
    return inventory


def _put(inventory: Inventory, **fields: str | int | None) -> None:
    for name, value in fields.items():
        if value not in (None, "", 0):
            setattr(inventory, name, value)


def _machine(inventory: Inventory, hardware: Hardware) -> None:
    name, identifier = hardware.get("machine_name"), hardware.get("machine_model")
    cpu = believable(hardware.get("chip_type")) or believable(hardware.get("cpu_type"))
    maker = believable(hardware.get("manufacturer"))
    _put(
        inventory,
        manufacturer=maker or ("Apple Inc." if identifier else None),
        model=f"{name} ({identifier})" if name and identifier else name or identifier,
        serial=believable(hardware.get("serial_number")),
        cpu=cpu,
        cpu_cores=hardware.cores,
        memory_bytes=hardware.memory_bytes,
        architecture=_architecture(cpu or ""),
    )


def _architecture(cpu: str) -> str | None:
    """By the chip: a program that runs under Rosetta is told x86_64 on Apple silicon.

    >>> _architecture("Apple M4 Max (Virtual)"), _architecture("6-Core Intel Core i7")
    ('aarch64', 'x86_64')
    """
    if cpu.startswith("Apple "):
        return "aarch64"
    return "x86_64" if "Intel" in cpu else None


def _system(inventory: Inventory, host: Host) -> None:
    inventory.os_id = "macos"
    try:
        version = mac_version(host)
    except CannotTell:
        return
    _put(
        inventory,
        os_name=f"macOS {version.full}",
        os_version=version.product,
        os_build=version.build,
    )


def _name(host: Host) -> str | None:
    """The name on the local network; the name that DHCP gives changes with the network."""
    sources: tuple[tuple[Callable[[], str], str], ...] = (
        (lambda: host.run("scutil", "--get", "LocalHostName").text, r"^(\S+)$"),
        (lambda: host.run("systemsetup", "-getcomputername").text, r"^Computer Name: (.+)$"),
        (lambda: profile(host, "SPSoftwareDataType").lines.get("Computer Name", ""), r"^(.+)$"),
    )
    for ask, pattern in sources:
        try:
            found = re.search(pattern, ask().strip(), re.MULTILINE)
        except CannotTell:
            continue
        if found and set(found[1]) != {"*"}:
            return found[1]
    return None


def _disks(host: Host) -> list[Disk]:
    found = [disk for kind, medium in DISKS for disk in _disks_of(host, kind, medium)]
    return sorted(found, key=lambda disk: (disk.model, disk.size_bytes))


def _disks_of(host: Host, kind: str, medium: str) -> list[Disk]:
    try:
        controllers = json.loads(host.run("system_profiler", "-json", kind).text)[kind]
        items = [item for controller in controllers for item in controller.get("_items", [])]
        return [disk for item in items if (disk := _disk(item, medium)) is not None]
    except (CannotTell, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []


def _disk(item: dict[str, object], medium: str) -> Disk | None:
    size, model = item.get("size_in_bytes"), item.get("device_model")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size < MOST_BYTES:
        return None
    disk = Disk(size_bytes=size, removable=item.get("removable_media") == "yes")
    if isinstance(model, str) and model.strip():
        disk.model = " ".join(model.split())
    if not medium or medium in item:
        disk.rotational = bool(medium) and item[medium] == "Rotational"
    return disk


def _kind(inventory: Inventory, host: Host, hardware: Hardware) -> None:
    identifier, name = hardware.get("machine_model"), hardware.get("machine_name")
    hypervisor = next((h for start, h in HYPERVISORS.items() if identifier.startswith(start)), None)
    if hypervisor is None and _told_virtual(host):
        hypervisor = OTHER_HYPERVISOR
    if hypervisor is not None:
        inventory.virtualization = hypervisor
        inventory.form_factor = FormFactor.FORM_FACTOR_VIRTUAL_MACHINE
        return
    for start, form_factor in FORM_FACTORS:
        if name.startswith(start) or identifier.startswith(start):
            inventory.form_factor = form_factor
            return


def _told_virtual(host: Host) -> bool:
    """The kernel sets it in a guest of any hypervisor."""
    try:
        return host.run("sysctl", "-n", "kern.hv_vmm_present").text.strip() == "1"
    except CannotTell:
        return False


def _fingerprint(inventory: Inventory, host: Host, hardware: Hardware) -> None:
    """IOPlatformUUID stays when macOS is installed anew and changes with the logic board."""
    parts = {
        "board": believable_uuid(hardware.get("platform_UUID")),
        "serial": believable(hardware.get("serial_number")),
        "network": _first_address(host),
    }
    for name, value in parts.items():
        if value:
            setattr(inventory.fingerprint, name, hidden(f"{name}:{value}"))


def _first_address(host: Host) -> str | None:
    """The burnt-in address of en0, which is built in, and not the private one of a network."""
    try:
        found = ADDRESS.search(host.run("networksetup", "-listallhardwareports").text.lower())
    except CannotTell:
        return None
    return found[1] if found and len(set(found[1].split(":"))) > 1 else None
