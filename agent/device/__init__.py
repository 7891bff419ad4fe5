"""Says who this device is and what it is made of.

To add an operating system: its module with ``fill(host)``, one line in `INVENTORIES`.
"""

from collections.abc import Callable

from agent.device import linux as inventory_linux
from agent.device import macos as inventory_macos
from agent.device import windows as inventory_windows
from agent.host import Host, Os
from agent.observation import spared
from protos.posture.v1.device_pb2 import Inventory, Platform

INVENTORIES: dict[Os, Callable[[Host], Inventory]] = {
    "linux": inventory_linux.fill,
    "macos": inventory_macos.fill,
    "windows": inventory_windows.fill,
}
PLATFORMS: dict[Os, Platform.ValueType] = {
    "linux": Platform.PLATFORM_LINUX,
    "macos": Platform.PLATFORM_MACOS,
    "windows": Platform.PLATFORM_WINDOWS,
}


def inventory(host: Host) -> Inventory:
    """Never raises: what cannot be read, and what a defect costs, is left unset."""
    found = Inventory(platform=PLATFORMS[host.os])
    if (fill := INVENTORIES.get(host.os)) is not None:
        spared(lambda: found.MergeFrom(fill(host)), "inventory")
    return found
