"""Reads what the firmware says of the machine: /sys/class/dmi/id, dmidecode, or the device tree.

Chassis types: SMBIOS specification (DMTF DSP0134), 7.4.1.
"""

import re
from dataclasses import dataclass

from agent.device.identifiers import believable
from agent.host import CannotTell, Host, read_text
from protos.posture.v1.device_pb2 import FormFactor

DMI = "/sys/class/dmi/id"
FIELDS = (
    "sys_vendor",
    "product_name",
    "product_version",
    "product_serial",
    "product_uuid",
    "board_vendor",
    "board_name",
    "board_serial",
    "chassis_type",
)
IN_DMIDECODE = {
    ("System Information", "Manufacturer"): "sys_vendor",
    ("System Information", "Product Name"): "product_name",
    ("System Information", "Version"): "product_version",
    ("System Information", "Serial Number"): "product_serial",
    ("System Information", "UUID"): "product_uuid",
    ("Base Board Information", "Manufacturer"): "board_vendor",
    ("Base Board Information", "Product Name"): "board_name",
    ("Base Board Information", "Serial Number"): "board_serial",
    ("Chassis Information", "Type"): "chassis_type",
}
LAPTOPS = (8, 9, 10, 14, 31)
TABLETS = (11, 30, 32)
DESKTOPS = (3, 4, 5, 6, 7, 13, 15, 16, 24, 34, 35, 36)
SERVERS = (17, 23, 25, 28, 29)
CHASSIS_NAMES = {
    "Desktop": 3,
    "Low Profile Desktop": 4,
    "Pizza Box": 5,
    "Mini Tower": 6,
    "Tower": 7,
    "Portable": 8,
    "Laptop": 9,
    "Notebook": 10,
    "Hand Held": 11,
    "All In One": 13,
    "Sub Notebook": 14,
    "Space-saving": 15,
    "Lunch Box": 16,
    "Main Server Chassis": 17,
    "Rack Mount Chassis": 23,
    "Sealed-case PC": 24,
    "Multi-system": 25,
    "Blade": 28,
    "Blade Enclosing": 29,
    "Tablet": 30,
    "Convertible": 31,
    "Detachable": 32,
    "Embedded PC": 34,
    "Mini PC": 35,
    "Stick PC": 36,
}


@dataclass(frozen=True, slots=True)
class Firmware:
    """As the firmware wrote it, by the names of /sys/class/dmi/id."""

    fields: dict[str, str]

    def get(self, name: str) -> str | None:
        """A field that can be believed, or None."""
        return believable(self.fields.get(name))

    @property
    def manufacturer(self) -> str | None:
        return self.get("sys_vendor") or self.get("board_vendor")

    @property
    def model(self) -> str | None:
        """Lenovo keeps the name people know in the version: "ThinkPad T14 (20UD)"."""
        name, version = self.get("product_name"), self.get("product_version")
        lenovo = (self.manufacturer or "").upper() == "LENOVO"
        if name and lenovo and version and re.search(r"[A-Za-z]{4}", version):
            return f"{version} ({name})"
        return name or self.get("board_name")

    @property
    def form_factor(self) -> FormFactor.ValueType | None:
        """By the chassis; None when it says "other" or nothing."""
        words = self.fields.get("chassis_type", "").strip()
        chassis = int(words) if re.fullmatch(r"\d{1,3}", words) else CHASSIS_NAMES.get(words, 0)
        chassis &= 0x7F  # the top bit says that the chassis has a lock
        for kinds, form_factor in (
            (LAPTOPS, FormFactor.FORM_FACTOR_LAPTOP),
            (TABLETS, FormFactor.FORM_FACTOR_TABLET),
            (DESKTOPS, FormFactor.FORM_FACTOR_DESKTOP),
            (SERVERS, FormFactor.FORM_FACTOR_SERVER),
        ):
            if chassis in kinds:
                return form_factor
        return None


def read_firmware(host: Host) -> Firmware:
    """What can be read; dmidecode (root) only where /sys has no DMI at all."""
    fields = _read(host, {name: f"{DMI}/{name}" for name in FIELDS})
    if not fields:
        try:
            fields = parse_dmidecode(host.run("dmidecode").text)
        except CannotTell:
            tree = "/proc/device-tree"
            paths = {"product_name": f"{tree}/model", "product_serial": f"{tree}/serial-number"}
            fields = _read(host, paths)
    return Firmware(fields)


def _read(host: Host, paths: dict[str, str]) -> dict[str, str]:
    fields = {}
    for name, path in paths.items():
        try:
            fields[name] = read_text(host, path, 4096)
        except CannotTell:
            continue
    return fields


def parse_dmidecode(content: str) -> dict[str, str]:
    """The first system, board and chassis of dmidecode's listing, by the names of /sys."""
    fields: dict[str, str] = {}
    section = ""
    for line in content.splitlines():
        if not line[:1].isspace():
            section = line.strip()
            continue
        key, colon, value = line.strip().partition(":")
        name = IN_DMIDECODE.get((section, key))
        if colon and name:
            fields.setdefault(name, value.strip())
    return fields
