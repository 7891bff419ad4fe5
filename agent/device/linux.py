"""Fills the inventory of a Linux machine; what cannot be read is left unset."""

import json
import re

from agent import virtualization
from agent.checks.disk_encryption.blocks import Blocks
from agent.checks.disk_encryption.members import members
from agent.checks.disk_encryption.mounts import holding, read_mounts
from agent.device.firmware import Firmware, read_firmware
from agent.device.identifiers import believable_uuid, hidden
from agent.host import CannotTell, Host, read_text
from agent.observation import spared
from agent.os_release import parse_os_release
from protos.posture.v1.device_pb2 import Disk, FormFactor, Inventory, Platform

NO_DISKS = re.compile(r"(dm-|md|loop|zram|ram|sr|fd|nbd|zd|mtdblock)\d*")
NET = "/sys/class/net"
POWER = "/sys/class/power_supply"


def fill(host: Host) -> Inventory:
    """Never raises CannotTell; a defect in one part does not cost the others."""
    inventory = Inventory(platform=Platform.PLATFORM_LINUX)
    spared(lambda: _system(inventory, host), "system")
    spared(lambda: _hardware(inventory, host), "hardware")
    firmware = read_firmware(host)
    _firmware(inventory, firmware)
    spared(lambda: _kind(inventory, host, firmware), "kind")
    spared(lambda: _fingerprint(inventory, host, firmware), "fingerprint")
    return inventory


def _first(host: Host, *paths: str) -> str | None:
    """The first of several files that can be read and is not empty, stripped."""
    for path in paths:
        try:
            content = read_text(host, path).strip()
        except CannotTell:
            continue
        if content:
            return content
    return None


def _put(inventory: Inventory, **fields: str | int | None) -> None:
    for name, value in fields.items():
        if value not in (None, "", 0):
            setattr(inventory, name, value)


def _firmware(inventory: Inventory, firmware: Firmware) -> None:
    serial = firmware.get("product_serial")
    _put(inventory, manufacturer=firmware.manufacturer, model=firmware.model, serial=serial)


def _system(inventory: Inventory, host: Host) -> None:
    release = parse_os_release(_first(host, "/etc/os-release", "/usr/lib/os-release") or "")
    _put(
        inventory,
        hostname=_first(host, "/proc/sys/kernel/hostname", "/etc/hostname"),
        os_id=release.get("ID", "linux" if release else None),
        os_name=release.get("PRETTY_NAME") or release.get("NAME"),
        os_version=release.get("VERSION_ID"),
        os_build=_first(host, "/proc/sys/kernel/osrelease"),
        architecture=_architecture(host),
    )


def _architecture(host: Host) -> str | None:
    told = _first(host, "/proc/sys/kernel/arch")
    if told:
        return told
    for question, place in ((("uname", "-m"), 0), (("uname", "-a"), -2)):
        try:
            words = host.run(*question).text.split()
        except CannotTell:
            continue
        if len(words) > abs(place):
            return words[place]
    return None


def _hardware(inventory: Inventory, host: Host) -> None:
    cpu, cores = parse_cpuinfo(_first(host, "/proc/cpuinfo") or "")
    memory = re.search(r"^MemTotal:\s+(\d+) kB$", _first(host, "/proc/meminfo") or "", re.MULTILINE)
    # Whole MiB: the kernel's own share differs by some KiB from start to start.
    mebibytes = int(memory[1]) // 1024 if memory else 0
    _put(inventory, cpu=cpu, cpu_cores=cores, memory_bytes=mebibytes << 20)
    inventory.disks.extend(_disks(host))


def parse_cpuinfo(content: str) -> tuple[str | None, int]:
    """The processor's name, and its cores: physical ones where told, else logical; 0 unknown."""
    model = re.search(r"^(?:model name|Model|cpu model)\s*:\s*(\S.*)$", content, re.MULTILINE)
    blocks = [
        dict(re.findall(r"^([^:\n]+?)\s*:\s*(.*)$", b, re.MULTILINE)) for b in content.split("\n\n")
    ]
    logical = [block for block in blocks if "processor" in block]
    physical = {
        (b["physical id"], b["core id"]) for b in logical if {"physical id", "core id"} <= set(b)
    }
    return (" ".join(model[1].split()) if model else None), len(physical) or len(logical)


def _disks(host: Host) -> list[Disk]:
    try:
        blocks = Blocks(host)
    except CannotTell:
        return []
    found = [disk for name in blocks.names if (disk := _disk(blocks, name))]
    return sorted(found, key=lambda disk: (disk.model, disk.size_bytes))


def _disk(blocks: Blocks, name: str) -> Disk | None:
    try:
        skipped = NO_DISKS.fullmatch(name) or blocks.attribute(name, "partition") is not None
        size = blocks.attribute(name, "size") or ""
        if skipped or blocks.attribute(name, "hidden") == "1" or not size.isdigit():
            return None
        words = (blocks.attribute(name, f"device/{part}") for part in ("vendor", "model"))
        model = " ".join(" ".join(w.split()) for w in words if w and w.strip() != "ATA")
        rotational = blocks.attribute(name, "queue/rotational")
    except CannotTell:
        return None
    if int(size) == 0:
        return None
    disk = Disk(size_bytes=int(size) * 512, removable=blocks.removable(name))
    if model and not model.startswith("0x"):  # virtio gives a vendor number and no model
        disk.model = model
    if rotational in ("0", "1"):
        disk.rotational = rotational == "1"
    return disk


def _kind(inventory: Inventory, host: Host, firmware: Firmware) -> None:
    """Container before virtual machine before chassis before battery."""
    inside = virtualization.container(host)
    kind = inside or _machine(inventory, host)
    form_factor = firmware.form_factor
    if form_factor is None and _battery(host):
        form_factor = FormFactor.FORM_FACTOR_LAPTOP
    if kind:
        inventory.virtualization = kind
        form_factor = FormFactor.FORM_FACTOR_VIRTUAL_MACHINE
    if inside:
        form_factor = FormFactor.FORM_FACTOR_CONTAINER
    if form_factor is not None:
        inventory.form_factor = form_factor


def _machine(inventory: Inventory, host: Host) -> str | None:
    try:
        return virtualization.machine(host)
    except CannotTell:
        return virtualization.from_vendor(inventory.manufacturer, inventory.model)


def _battery(host: Host) -> bool:
    """A battery of the machine itself; a mouse's has the scope "Device"."""
    try:
        names = host.list(POWER)
    except CannotTell:
        return False
    return any(
        _first(host, f"{POWER}/{name}/type") == "Battery"
        and _first(host, f"{POWER}/{name}/scope") != "Device"
        for name in names
    )


def _fingerprint(inventory: Inventory, host: Host, firmware: Firmware) -> None:
    install = believable_uuid(_first(host, "/etc/machine-id"))
    parts = {
        "board": believable_uuid(firmware.fields.get("product_uuid")),
        "serial": firmware.get("product_serial") or firmware.get("board_serial"),
        "network": _lowest_address(host),
        "install": install,
        "disk": _root_uuid(host),
    }
    for name, value in parts.items():
        if value:
            setattr(inventory.fingerprint, name, hidden(f"{name}:{value}"))


def _lowest_address(host: Host) -> str | None:
    """The lowest permanent address of an interface that is not behind USB (docks move about)."""
    try:
        names = host.list(NET)
    except CannotTell:
        return None
    permanent = _permanent(host)
    return min((a for name in names if (a := _address(host, name, permanent))), default=None)


def _address(host: Host, name: str, permanent: dict[str, str]) -> str | None:
    try:
        host.link(f"{NET}/{name}/device")
        if "/usb" in host.link(f"{NET}/{name}"):
            return None
    except CannotTell:
        return None
    if _first(host, f"{NET}/{name}/type") != "1":  # ARPHRD_ETHER; Wi-Fi counts as one
        return None
    # 0 is NET_ADDR_PERM: the address is the one burnt in.
    own = _first(host, f"{NET}/{name}/addr_assign_type") == "0"
    address = _first(host, f"{NET}/{name}/address") if own else permanent.get(name)
    if not address or not re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", address.lower()):
        return None
    return None if len(set(address.split(":"))) == 1 else address.lower()


def _permanent(host: Host) -> dict[str, str]:
    """Burnt-in addresses of interfaces that use another now (Wi-Fi with a random address)."""
    try:
        links = json.loads(host.run("ip", "-j", "-d", "link").text)
        return {str(link["ifname"]): str(link["permaddr"]) for link in links if "permaddr" in link}
    except (CannotTell, ValueError, TypeError, KeyError):
        return {}


def _root_uuid(host: Host) -> str | None:
    try:
        blocks = Blocks(host)
        names = members(blocks, holding(read_mounts(host)[1], "/"))
    except CannotTell:
        return None
    return blocks.property(names[0], "ID_FS_UUID")
