r"""Says whether a program that Windows names is on the disk: yes, no, or not told.

The registry and Security Center write paths with variables (``%ProgramFiles%\...``), in quotes and
with arguments behind them. Variables are taken from the registry, never from our environment: a
service's own differs from the system's.
"""

import re

from agent.host import CannotTell, Denied, FileMissing, Host, TooLarge

WINDOWS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
WINDOWS_NT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
SHELL_FOLDERS = rf"{WINDOWS}\Explorer\Shell Folders"
VARIABLES = {
    "programfiles": (WINDOWS, "ProgramFilesDir", r"C:\Program Files"),
    "programw6432": (WINDOWS, "ProgramFilesDir", r"C:\Program Files"),
    "programfiles(x86)": (WINDOWS, "ProgramFilesDir (x86)", r"C:\Program Files (x86)"),
    "commonprogramfiles": (WINDOWS, "CommonFilesDir", r"C:\Program Files\Common Files"),
    "programdata": (SHELL_FOLDERS, "Common AppData", r"C:\ProgramData"),
    "systemroot": (WINDOWS_NT, "SystemRoot", r"C:\Windows"),
    "windir": (WINDOWS_NT, "SystemRoot", r"C:\Windows"),
}
"""By name in lower case: where its value stands, and what it is where that cannot be read."""


def program_of(command: str) -> str | None:
    r"""The program of a command line, or None where none can be told apart.

    >>> program_of(r'"C:\Program Files\ESET\ekrn.exe" -k'), program_of(r"C:\a b\c.exe -d")
    ('C:\\Program Files\\ESET\\ekrn.exe', 'C:\\a b\\c.exe')
    >>> program_of("windowsdefender://"), program_of("")
    (None, None)
    """
    found = re.match(r'\s*"([^"]+)"|\s*(.+?\.(?:exe|scr|com))(?=\s|$)', command, re.IGNORECASE)
    return (found[1] or found[2]) if found else None


def expanded(host: Host, path: str) -> str:
    """The path with the variables that are known put in; others stay as they are."""

    def value(name: re.Match[str]) -> str:
        if name[1].lower() not in VARIABLES:
            return name[0]
        key, value_name, otherwise = VARIABLES[name[1].lower()]
        try:
            return str(host.registry(key, value_name)) or otherwise
        except CannotTell:
            return otherwise

    return re.sub(r"%([^%\\]+)%", value, path)


def on_disk(host: Host, path: str) -> bool | None:
    """None: it is no local path that is known in full, or the disk could not be asked."""
    path = expanded(host, path)
    if not re.match(r"[A-Za-z]:[\\/]", path) or "%" in path:
        return None
    try:
        host.head(path, 2)
    except FileMissing:
        return False
    except (Denied, TooLarge):
        return True
    except CannotTell:
        return None
    return True
