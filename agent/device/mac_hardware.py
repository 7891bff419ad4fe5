"""Reads what a Mac is: ``ioreg`` (property list or text) and ``system_profiler`` (JSON or text).

Each speaks for itself; of several answers the first that can be believed counts. A serial number
can be missing after a logic board was replaced, and in virtual machines.
"""

import re
from dataclasses import dataclass

from agent.host import CannotTell, Host, Unparsable
from agent.macos import plists
from agent.macos.profiler import profile

PLATFORM = ("ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
TEXT_VALUE = re.compile(r'^\s*"(?P<key>[\w-]+)" = <?"(?P<value>[^"]*)">?\s*$', re.MULTILINE)
TITLES = {
    "machine_name": "Model Name",
    "machine_model": "Model Identifier",
    "chip_type": "Chip",
    "cpu_type": "Processor Name",
    "number_processors": "Total Number of Cores",
    "physical_memory": "Memory",
    "serial_number": "Serial Number (system)",
    "platform_UUID": "Hardware UUID",
}
"""The fields of the JSON by the titles of the text."""
UNITS = {"MB": 20, "GB": 30, "TB": 40}


@dataclass(frozen=True, slots=True)
class Hardware:
    """By the names of system_profiler's JSON; "" where nothing tells."""

    fields: dict[str, str]

    def get(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def cores(self) -> int:
        """Of "proc 16:12:4", "8 (4 performance and 4 efficiency)" or a number; 0 unknown.

        >>> [Hardware({"number_processors": n}).cores for n in ("proc 24:16:8:0", "2", "many")]
        [24, 2, 0]
        """
        found = re.match(r"(?:proc )?(\d{1,4})\b", self.get("number_processors"))
        return int(found[1]) if found else 0

    @property
    def memory_bytes(self) -> int:
        """
        >>> Hardware({"physical_memory": "16 GB"}).memory_bytes
        17179869184
        """
        found = re.fullmatch(r"(\d{1,5}) (MB|GB|TB)", self.get("physical_memory"))
        return int(found[1]) << UNITS[found[2]] if found else 0


def read_hardware(host: Host) -> Hardware:
    """Never raises CannotTell."""
    fields: dict[str, str] = {}
    for ask in (_profiled, _platform):
        try:
            found = ask(host)
        except CannotTell:
            continue
        for name, value in found.items():
            if value.strip():
                fields.setdefault(name, value.strip())
    return Hardware(fields)


def _profiled(host: Host) -> dict[str, str]:
    told = profile(host, "SPHardwareDataType")
    if told.json is not None:
        return {name: _word(told.json.get(name)) for name in TITLES}
    return {name: told.lines.get(title, "") for name, title in TITLES.items()}


def _word(value: object) -> str:
    """A virtual Mac gives numbers where others give words."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _platform(host: Host) -> dict[str, str]:
    try:
        return parse_plist(host.run(*PLATFORM, "-a").text)
    except CannotTell:
        return parse_text(host.run(*PLATFORM).text)


def parse_plist(text: str) -> dict[str, str]:
    """Raises Unparsable."""
    found = plists.parse(text, " ".join((*PLATFORM, "-a")))
    if not isinstance(found, list) or not found or not isinstance(found[0], dict):
        raise Unparsable("ioreg -a printed no platform")
    values = {key: _decoded(value) for key, value in found[0].items()}
    return _renamed(values)


def _decoded(value: object) -> str:
    """Names are kept as bytes that end with a zero."""
    if isinstance(value, bytes):
        return value.rstrip(b"\0").decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def parse_text(text: str) -> dict[str, str]:
    """Raises Unparsable."""
    values = {found["key"]: found["value"] for found in TEXT_VALUE.finditer(text)}
    if "IOPlatformUUID" not in values and "model" not in values:
        raise Unparsable("ioreg printed no platform")
    return _renamed(values)


def _renamed(values: dict[str, str]) -> dict[str, str]:
    names = {
        "machine_model": "model",
        "serial_number": "IOPlatformSerialNumber",
        "platform_UUID": "IOPlatformUUID",
        "manufacturer": "manufacturer",
    }
    return {ours: values.get(theirs, "") for ours, theirs in names.items()}
