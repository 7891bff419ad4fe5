"""Every signal, and which code reads it on which operating system.

To add a check: its message in signals.proto, one module a system here, one line in `CHECKS`.
"""

from collections.abc import Collection

from agent.checks.antivirus import linux as antivirus_linux
from agent.checks.antivirus import macos as antivirus_macos
from agent.checks.antivirus import windows as antivirus_windows
from agent.checks.disk_encryption import linux as disk_encryption_linux
from agent.checks.disk_encryption import macos as disk_encryption_macos
from agent.checks.disk_encryption import windows as disk_encryption_windows
from agent.checks.firewall import linux as firewall_linux
from agent.checks.firewall import macos as firewall_macos
from agent.checks.firewall import windows as firewall_windows
from agent.checks.os_updates import linux as os_updates_linux
from agent.checks.os_updates import macos as os_updates_macos
from agent.checks.os_updates import windows as os_updates_windows
from agent.checks.screen_lock import linux as screen_lock_linux
from agent.checks.screen_lock import macos as screen_lock_macos
from agent.checks.screen_lock import windows as screen_lock_windows
from agent.host import Host, Os
from agent.observation import Check, observe
from protos.posture.v1.signals_pb2 import Observation

CHECKS: dict[str, dict[Os, Check]] = {
    "disk_encryption": {
        "linux": disk_encryption_linux.observe,
        "macos": disk_encryption_macos.observe,
        "windows": disk_encryption_windows.observe,
    },
    "firewall": {
        "linux": firewall_linux.observe,
        "macos": firewall_macos.observe,
        "windows": firewall_windows.observe,
    },
    "antivirus": {
        "linux": antivirus_linux.observe,
        "macos": antivirus_macos.observe,
        "windows": antivirus_windows.observe,
    },
    "screen_lock": {
        "linux": screen_lock_linux.observe,
        "macos": screen_lock_macos.observe,
        "windows": screen_lock_windows.observe,
    },
    "os_updates": {
        "linux": os_updates_linux.observe,
        "macos": os_updates_macos.observe,
        "windows": os_updates_windows.observe,
    },
}


def observe_all(host: Host, signals: Collection[str] = ()) -> list[Observation]:
    """Observe the named signals, or every one, in the order of `CHECKS`."""
    wanted = signals or CHECKS
    return [
        observe(signal, by_os.get(host.os), host)
        for signal, by_os in CHECKS.items()
        if signal in wanted
    ]
