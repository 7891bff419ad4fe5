"""Says whether this Windows is a server edition, which lacks parts that every client has."""

from agent.host import CannotTell, Host
from agent.windows.rows import number

CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
WORKSTATION = 1
"""Win32_OperatingSystem.ProductType: 1 workstation, 2 domain controller, 3 server."""


def is_server(host: Host) -> bool | None:
    """None when neither CIM nor the registry tells."""
    try:
        for row in host.cim("Win32_OperatingSystem"):
            kind = number(row, "ProductType")
            if kind in (1, 2, 3):
                return kind != WORKSTATION
    except CannotTell:
        pass
    try:
        installed = str(host.registry(CURRENT_VERSION, "InstallationType"))
    except CannotTell:
        return None
    return {"client": False, "server": True, "server core": True}.get(installed.strip().lower())
