"""Windows machines for antivirus, screen lock and updates, by hand from Microsoft's documentation.

::

    python -m tests.recordings.made.windows_software tests/recordings/hosts
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.checks import CHECKS
from agent.host import CannotTell, Denied, Host, RegistryValue, Row, TimedOut, ToolFailed
from tests.fakes import FakeHost
from tests.recordings.made.folders import write

SLOW = TimedOut("no answer in time")
NO = Denied("WMI denies it to this account (0x80041003)")
UNREACHED = ToolFailed("the update server is not reachable (0x80240438)")
CURRENT = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion"
SERVICING = f"{CURRENT}\\Component Based Servicing"
AUTO_UPDATE = f"{CURRENT}\\WindowsUpdate\\Auto Update"
POLICIES = f"{CURRENT}\\Policies\\System"
ALICE = "S-1-5-21-1004336348-1177238915-682003330-1001"
BOB = "S-1-12-1-3482164112-1287453-3482164-4221"
SAVER = "C:\\Windows\\System32\\scrnsave.scr"
ESET = "C:\\Program Files\\ESET\\ecmd.exe"
GONE = "C:\\Program Files\\Old\\av.exe"
MSMPENG = "C:\\Program Files\\Windows Defender\\MsMpeng.exe"
SECURITY = "0fa1201d-4330-4fa8-8ae9-b877473b6441"
DEFINITIONS = "e0789628-ce08-4437-be74-2495b842f43b"
POWER = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Power"
BALANCED = "381b4222-f694-41f0-9685-ff5bb260df2e"
MINE = "69356ebb-9c01-427c-8625-f1c21ff6f2c0"
SLEEP = "238c9fa8-0aad-41ed-83f4-97be242c8f20\\29f6c1db-86da-48c5-9fdb-f2b67b1f44da"
DISPLAY = "7516b95f-f776-4464-8c53-06167f40cc99\\3c0bc021-c8a8-4e07-a973-6b14cbcb2b7e"
WAKE = "0e796bdb-100d-47d6-a2d5-f7d2daa51f51"
UPDATES = "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83"

Values = Mapping[str, RegistryValue | CannotTell]
Rows = Mapping[str, Sequence[Row] | CannotTell]

RUNNING: Row = {"Name": "wscsvc", "State": "Running", "PathName": None}
STATUS: Row = {
    "AMRunningMode": "Normal",
    "AMServiceEnabled": True,
    "AMProductVersion": "4.18.26100.5",
    "AMEngineVersion": "1.1.26100.3",
    "AntivirusEnabled": True,
    "RealTimeProtectionEnabled": True,
    "OnAccessProtectionEnabled": True,
    "AntivirusSignatureAge": 1,
    "AntivirusSignatureLastUpdated": "2026-11-21T06:00:00Z",
    "AntivirusSignatureVersion": "1.460.12.0",
    "DefenderSignaturesOutOfDate": False,
    "IsTamperProtected": True,
}
PASSIVE = {**STATUS, "AMRunningMode": "Passive Mode"}


def registered(name: str, program: str, state: int) -> Row:
    return {"displayName": name, "pathToSignedProductExe": program, "productState": state}


def defended(
    products: Sequence[Row] | CannotTell,
    status: Row | CannotTell,
    services: Sequence[Row] | CannotTell = (RUNNING,),
) -> FakeHost:
    rows: Rows = {
        "AntiVirusProduct": products,
        "MSFT_MpComputerStatus": status if isinstance(status, CannotTell) else [status],
        "Win32_Service": services,
        "Win32_OperatingSystem": [{"ProductType": 1}],
    }
    return FakeHost(os="windows", rows=rows, files={ESET: b"MZ", MSMPENG: b"MZ"})


def logon(sid: str, name: str) -> Values:
    return {f"HKU\\{sid}\\Volatile Environment\\USERNAME": name}


def saver(sid: str, **change: str) -> Values:
    settings = {
        "ScreenSaveActive": "1",
        "ScreenSaverIsSecure": "1",
        "ScreenSaveTimeOut": "600",
        "SCRNSAVE.EXE": SAVER,
        **change,
    }
    return {f"HKU\\{sid}\\Control Panel\\Desktop\\{name}": v for name, v in settings.items()}


def scheme(asleep: int, active: str = BALANCED) -> Values:
    """A scheme of Windows as it began, but for the time to sleep."""
    begun = {SLEEP: 1800, DISPLAY: 600, WAKE: 1}
    values: dict[str, RegistryValue | CannotTell] = {
        f"{POWER}\\User\\PowerSchemes\\ActivePowerScheme": active
    }
    for supply in ("Ac", "Dc"):
        for setting, number in begun.items():
            key = f"{POWER}\\PowerSettings\\{setting}\\DefaultPowerSchemeValues\\{BALANCED}"
            values[f"{key}\\{supply}SettingIndex"] = number
        changed = f"{POWER}\\User\\PowerSchemes\\{active}\\{SLEEP}"
        values[f"{changed}\\{supply.upper()}SettingIndex"] = asleep
    return values


def locked(*parts: Values) -> FakeHost:
    values: dict[str, RegistryValue | CannotTell] = {
        "HKU\\.DEFAULT\\Control Panel\\Desktop\\ScreenSaveActive": "1",
        **scheme(0),
    }
    for part in parts:
        values |= part
    return FakeHost(os="windows", values=values, files={SAVER: b"MZ"})


def update(title: str, category: str, article: str, **more: object) -> Row:
    return {
        "Title": title,
        "KBArticleIDs": [article],
        "MsrcSeverity": None,
        "CategoryIDs": [category],
        "RebootRequired": False,
        "BrowseOnly": False,
        **more,
    }


def updated(found: Sequence[Row] | CannotTell, looked_at: str | None, *keys: str) -> FakeHost:
    looked = {"LastSearchSuccessDate": looked_at, "RebootRequired": False}
    values = {f"{key}\\Default": "1" for key in (SERVICING, AUTO_UPDATE, *keys)}
    rows: Rows = {"Microsoft.Update.Searcher": found, "Microsoft.Update.AutoUpdate": [looked]}
    return FakeHost(os="windows", rows=rows, values=values)


CUMULATIVE = update(
    "2026-11 Kumulatives Update für Windows 11 Version 25H2 für x64-basierte Systeme (KB5070001)",
    UPDATES,
    "5070001",
)
PREVIEW = update("2026-11 Preview (KB5070009)", UPDATES, "5070009", BrowseOnly=True)
SIGNATURES = update("Defender (KB2267602)", DEFINITIONS, "2267602")

MACHINES: dict[str, tuple[str, Host]] = {
    "antivirus-good": (
        "antivirus",
        defended(
            [
                registered("ESET Security", ESET, 0x041000),
                registered("Old Antivirus", GONE, 0x041000),
                registered("Windows Defender", "windowsdefender://", 0x060100),
            ],
            PASSIVE,
        ),
    ),
    "antivirus-bad": (
        "antivirus",
        defended(
            [
                registered("ESET Security", ESET, 0x043010),
                registered("Old Antivirus", GONE, 0x041000),
            ],
            PASSIVE,
        ),
    ),
    "antivirus-blind": ("antivirus", defended(SLOW, NO, SLOW)),
    "locks-good": ("screen_lock", locked(logon(ALICE, "alice"), saver(ALICE))),
    "locks-bad": (
        "screen_lock",
        locked(
            logon(ALICE, "alice"),
            saver(ALICE, ScreenSaverIsSecure="0"),
            logon(BOB, "bob"),
            saver(BOB, ScreenSaveTimeOut="1200"),
        ),
    ),
    "locks-blind": ("screen_lock", locked()),
    "locks-sleep-good": (
        "screen_lock",
        locked(logon(ALICE, "alice"), saver(ALICE, ScreenSaveActive="0"), scheme(480)),
    ),
    "locks-sleep-bad": (
        "screen_lock",
        locked(
            logon(ALICE, "alice"),
            saver(ALICE, ScreenSaveActive="0"),
            scheme(480),
            {f"HKU\\{ALICE}\\Control Panel\\Desktop\\DelayLockInterval": 0xFFFFFFFF},
        ),
    ),
    "locks-sleep-blind": (
        "screen_lock",
        locked(logon(ALICE, "alice"), saver(ALICE, ScreenSaveActive="0"), scheme(480, MINE)),
    ),
    "updates-good": ("os_updates", updated([PREVIEW, SIGNATURES], "2026-11-21T06:00:00Z")),
    "updates-bad": (
        "os_updates",
        updated([CUMULATIVE], "2026-11-21T06:00:00Z", f"{SERVICING}\\RebootPending"),
    ),
    "updates-blind": ("os_updates", updated(UNREACHED, None)),
}


def main(hosts: Path) -> None:
    for name, (signal, host) in MACHINES.items():
        write(hosts / f"windows-{name}", CHECKS[signal]["windows"], host)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
