"""Every signal, and which code reads it on which operating system.

To add a check: its message in signals.proto, one module a system, its name in `SIGNALS`, and its
line in the table of each system. A table imports its modules when it is first asked: a device has
one operating system and loads nothing of the others. The imports are written out, so that a tool
that packs the agent finds them.
"""

from collections.abc import Callable, Collection, Mapping

from agent.host import Host, Os
from agent.observation import Check, Seen, observe
from protos.posture.v1.signals_pb2 import Observation

SIGNALS = ("disk_encryption", "firewall", "antivirus", "screen_lock", "os_updates")
"""In the order in which they are observed and shown."""

Table = Mapping[str, Check]


def _linux() -> Table:
    from agent.checks.antivirus import linux as antivirus
    from agent.checks.disk_encryption import linux as disk_encryption
    from agent.checks.firewall import linux as firewall
    from agent.checks.os_updates import linux as os_updates
    from agent.checks.screen_lock import linux as screen_lock

    return {
        "disk_encryption": disk_encryption.observe,
        "firewall": firewall.observe,
        "antivirus": antivirus.observe,
        "screen_lock": screen_lock.observe,
        "os_updates": os_updates.observe,
    }


def _macos() -> Table:
    from agent.checks.antivirus import macos as antivirus
    from agent.checks.disk_encryption import macos as disk_encryption
    from agent.checks.firewall import macos as firewall
    from agent.checks.os_updates import macos as os_updates
    from agent.checks.screen_lock import macos as screen_lock

    return {
        "disk_encryption": disk_encryption.observe,
        "firewall": firewall.observe,
        "antivirus": antivirus.observe,
        "screen_lock": screen_lock.observe,
        "os_updates": os_updates.observe,
    }


def _windows() -> Table:
    from agent.checks.antivirus import windows as antivirus
    from agent.checks.disk_encryption import windows as disk_encryption
    from agent.checks.firewall import windows as firewall
    from agent.checks.os_updates import windows as os_updates
    from agent.checks.screen_lock import windows as screen_lock

    return {
        "disk_encryption": disk_encryption.observe,
        "firewall": firewall.observe,
        "antivirus": antivirus.observe,
        "screen_lock": screen_lock.observe,
        "os_updates": os_updates.observe,
    }


TABLES: Mapping[Os, Callable[[], Table]] = {"linux": _linux, "macos": _macos, "windows": _windows}


def _late(signal: str, table: Callable[[], Table]) -> Check:
    def check(host: Host) -> Seen:
        return table()[signal](host)

    return check


CHECKS: dict[str, dict[Os, Check]] = {
    signal: {system: _late(signal, table) for system, table in TABLES.items()} for signal in SIGNALS
}


def observe_all(host: Host, signals: Collection[str] = ()) -> list[Observation]:
    """Observe the named signals, or every one, in the order of `SIGNALS`."""
    wanted = signals or SIGNALS
    return [
        observe(signal, by_os.get(host.os), host)
        for signal, by_os in CHECKS.items()
        if signal in wanted
    ]
