"""Writes the recordings of Macs that are made by hand from the documented formats.

::

    python -m tests.recordings.made.macs tests/recordings/hosts

The tables of expectations in the folders are written by people and are left as they are.
"""

import json
import plistlib
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from agent.checks import CHECKS
from agent.checks.antivirus.xprotect import BUNDLES
from agent.host import CannotTell, Denied, Host, Output, TimedOut
from tests.fakes import Answer, FakeHost
from tests.recordings.made.folders import write

Files = Mapping[str, bytes | str | CannotTell]
NO = Denied("permission denied")
SLOW = TimedOut("no answer in time")
VERSION = "ProductName:\t\tmacOS\nProductVersion:\t\t26.5\nBuildVersion:\t\t25F71\n"


def mac(commands: Mapping[str, Answer], files: Files | None = None, **more: object) -> FakeHost:
    return FakeHost(os="macos", commands=commands, files=files or {}, **more)  # type: ignore[arg-type]


def apfs(*, filevault: bool) -> str:
    """As Apple silicon has it: the data are encrypted at rest in any case."""

    def volume(device: str, name: str, role: str, **flags: bool) -> dict[str, object]:
        usual = {"CryptoMigrationOn": False, "Locked": False, "Encryption": True}
        roles = [role] if role else []
        return {"DeviceIdentifier": device, "Name": name, "Roles": roles, **usual, **flags}

    container = {
        "ContainerReference": "disk3",
        "PhysicalStores": [{"DeviceIdentifier": "disk0s2"}],
        "Volumes": [
            volume("disk3s1", "Macintosh HD", "System", FileVault=filevault, Encryption=False),
            volume("disk3s2", "Preboot", "Preboot", FileVault=False),
            volume("disk3s5", "Data", "Data", FileVault=filevault),
            volume("disk3s7", "Nix Store", "", FileVault=filevault),
        ],
    }
    return plistlib.dumps({"Containers": [container]}).decode()


def disks(status: str, *, filevault: bool) -> FakeHost:
    mounted = [
        {"DeviceIdentifier": "disk3s1", "MountedSnapshots": [{"SnapshotMountPoint": "/"}]},
        {"DeviceIdentifier": "disk3s5", "MountPoint": "/System/Volumes/Data"},
        {"DeviceIdentifier": "disk3s7", "MountPoint": "/nix"},
    ]
    everything = {"AllDisksAndPartitions": [{"DeviceIdentifier": "disk3", "APFSVolumes": mounted}]}
    return mac(
        {
            "diskutil apfs list -plist": apfs(filevault=filevault),
            "diskutil list -plist": plistlib.dumps(everything).decode(),
            "diskutil list -plist internal physical": plistlib.dumps(
                {"WholeDisks": ["disk0"]}
            ).decode(),
            "fdesetup status": status,
        }
    )


def firewall(said: Answer, mode: str) -> FakeHost:
    item = {"spfirewall_globalstate": f"spfirewall_globalstate_{mode}"}
    return mac(
        {
            "socketfilterfw --getglobalstate": said,
            "socketfilterfw --getstealthmode": "Firewall stealth mode is off\n",
            "socketfilterfw --getblockall": "Firewall has block all state set to disabled.\n",
            "system_profiler -json SPFirewallDataType": json.dumps({"SPFirewallDataType": [item]})
            if mode
            else SLOW,
        }
    )


def antivirus(integrity: str, real_time: Answer, sentinel: str, sensor: str) -> FakeHost:
    info = f"{BUNDLES[0]}/Contents/Info.plist"
    return mac(
        {
            "csrutil status": f"System Integrity Protection status: {integrity}\n",
            "spctl --status": "assessments enabled\n",
            "systemextensionsctl list": "0 extension(s)\n",
            "mdatp health --output json": real_time,
            "sentinelctl status": f"Agent\n   Ready:   yes\n   Protection:   {sentinel}\n",
            "falconctl stats agent_info": f"=== agent_info ===\nSensor operational: {sensor}\n",
        },
        {
            info: plistlib.dumps({"CFBundleShortVersionString": "5297"}),
            "/Library/LaunchDaemons/com.microsoft.fresno.plist": "",
            "/Applications/Microsoft Defender.app/Contents/Info.plist": "",
            "/Library/Sentinel/sentinel-agent.bundle/Contents/MacOS/sentinelctl": "",
            "/Applications/Falcon.app/Contents/Resources/falconctl": "",
        },
        modified={info: datetime(2026, 11, 18, 9, 0, tzinfo=UTC)},
    )


def defender(*, real_time: bool) -> str:
    fields = {
        "healthy": True,
        "appVersion": "101.98.30",
        "realTimeProtectionEnabled": {"value": real_time},
        "passiveModeEnabled": {"value": False},
        "definitionsUpdated": "1795341600000",
    }
    return json.dumps(fields)


def desk(status: str, idle: str, display: int) -> FakeHost:
    power = "".join(
        f"{source} Power:\n displaysleep         {minutes}\n"
        for source, minutes in (("Battery", min(display, 2)), ("AC", display))
    )
    session: dict[str, Answer] = {
        "sysadminctl -screenLock status": Output(
            "", f"2026-06-12 20:21:23.188 sysadminctl[1:2] screenLock {status}\n", 0
        ),
        "defaults -currentHost read com.apple.screensaver idleTime": idle,
    }
    return mac(
        {
            "stat -f%u /dev/console": "501\n",
            "id -P 501": "alice:********:501:20::0:0:Alice:/Users/alice:/bin/zsh\n",
            "pmset -g custom": power,
        },
        sessions={501: session},
    )


def updates(said: Answer) -> FakeHost:
    looked = {"LastFullSuccessfulDate": datetime(2026, 11, 21, 7, 0)}  # noqa: DTZ001 - UTC
    return mac(
        {"sw_vers": VERSION, "softwareupdate -l --no-scan": said},
        {"/Library/Preferences/com.apple.SoftwareUpdate.plist": plistlib.dumps(looked)},
    )


REST = "Size: 3310848KiB, Recommended: YES, Action: restart,"
OFFERED = f"""Software Update Tool

Software Update found the following new or updated software:
* Label: macOS Tahoe 26.5.1-25F80
\tTitle: macOS Tahoe 26.5.1, Version: 26.5.1, {REST}
* Label: macOS Tahoe 26.6 Beta 2-25G5043
\tTitle: macOS Tahoe 26.6 Beta 2, Version: 26.6, {REST}
"""
MACHINES: dict[str, tuple[str, Host]] = {
    "disks-good": ("disk_encryption", disks("FileVault is On.\n", filevault=True)),
    "disks-bad": ("disk_encryption", disks("FileVault is Off.\n", filevault=False)),
    "disks-blind": ("disk_encryption", disks("FileVault is Off.\n", filevault=True)),
    "firewall-good": (
        "firewall",
        firewall(
            "Firewall is blocking all non-essential incoming connections. (State = 2)\n",
            "block_all",
        ),
    ),
    "firewall-bad": (
        "firewall",
        firewall("Firewall is disabled. (State = 0)\n", "allow_all"),
    ),
    "firewall-blind": ("firewall", firewall(SLOW, "")),
    "antivirus-good": (
        "antivirus",
        antivirus("enabled.", defender(real_time=True), "enabled", "true"),
    ),
    "antivirus-bad": (
        "antivirus",
        antivirus("disabled.", defender(real_time=False), "disabled", "false"),
    ),
    "antivirus-blind": (
        "antivirus",
        antivirus("unknown (Custom Configuration).", SLOW, "partly", "starting"),
    ),
    "desks-good": ("screen_lock", desk("delay is immediate", "300\n", 10)),
    "desks-bad": ("screen_lock", desk("is off", "300\n", 10)),
    "desks-blind": ("screen_lock", desk("delay is unknown", "300\n", 10)),
    "updates-good": ("os_updates", updates("Software Update Tool\n\nNo new software available.\n")),
    "updates-bad": ("os_updates", updates(OFFERED)),
    "updates-blind": ("os_updates", updates("Software Update Tool\n\n")),
}


def main(hosts: Path) -> None:
    for name, (signal, host) in MACHINES.items():
        write(hosts / f"macos-{name}", CHECKS[signal]["macos"], host)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
