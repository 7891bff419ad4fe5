"""Says who this device is and what it is made of.

To add an operating system: its module with ``fill(host)``, one line in `INVENTORIES`.
"""

from collections.abc import Callable

from agent.device import linux as inventory_linux
from agent.host import Host, Os
from protos.posture.v1.device_pb2 import Inventory, Platform

INVENTORIES: dict[Os, Callable[[Host], Inventory]] = {
    "linux": inventory_linux.fill,
}
PLATFORMS: dict[Os, Platform.ValueType] = {
    "linux": Platform.PLATFORM_LINUX,
    "macos": Platform.PLATFORM_MACOS,
    "windows": Platform.PLATFORM_WINDOWS,
}


def inventory(host: Host) -> Inventory:
    """Never raises CannotTell: what cannot be read is left unset."""
    fill = INVENTORIES.get(host.os)
    return fill(host) if fill else Inventory(platform=PLATFORMS[host.os])
