r"""The live registry, in the 64-bit view whatever the agent was built for.

Keys are named ``HKLM\...`` or ``HKU\...``: a service's HKEY_CURRENT_USER is nobody's.
"""

import sys

from agent.host import CannotTell, Denied, FileMissing, RegistryValue, ToolFailed, ToolMissing

ROOTS = ("HKLM", "HKU")
FILE_NOT_FOUND, PATH_NOT_FOUND, ACCESS_DENIED, INVALID_NAME = 2, 3, 5, 123


def value(key: str, name: str) -> RegistryValue:
    """See `agent.host.Host.registry`."""
    if sys.platform != "win32":
        raise ToolMissing(f"{key}: only Windows has a registry")
    import winreg  # noqa: TID251 (this is the door)

    root, below = split(key)
    hive = winreg.HKEY_LOCAL_MACHINE if root == "HKLM" else winreg.HKEY_USERS
    rights = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
    try:
        with winreg.OpenKeyEx(hive, below, 0, rights) as handle:
            return plain(winreg.QueryValueEx(handle, name)[0])
    except OSError as error:
        raise cannot(f"{key} {name}", error) from error


def subkeys(key: str) -> tuple[str, ...]:
    """See `agent.host.Host.subkeys`."""
    if sys.platform != "win32":
        raise ToolMissing(f"{key}: only Windows has a registry")
    import winreg  # noqa: TID251 (this is the door)

    root, below = split(key)
    hive = winreg.HKEY_LOCAL_MACHINE if root == "HKLM" else winreg.HKEY_USERS
    rights = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
    try:
        with winreg.OpenKeyEx(hive, below, 0, rights) as handle:
            count = winreg.QueryInfoKey(handle)[0]
            return tuple(sorted(winreg.EnumKey(handle, index) for index in range(count)))
    except OSError as error:
        raise cannot(key, error) from error


def split(key: str) -> tuple[str, str]:
    r"""The hive and the rest.

    >>> split(r"HKLM\SOFTWARE\Policies")
    ('HKLM', 'SOFTWARE\\Policies')
    """
    root, _, below = key.partition("\\")
    if root.upper() not in ROOTS:
        raise ToolFailed(f"{key} does not begin with {' or '.join(ROOTS)}")
    return root.upper(), below


def plain(held: object) -> RegistryValue:
    """The value as the checks know it; winreg gives None for an empty binary value."""
    if held is None:
        return b""
    if isinstance(held, list):
        return tuple(str(each) for each in held)
    return held if isinstance(held, int | bytes) else str(held).rstrip("\0")


def cannot(asked: str, error: OSError) -> CannotTell:
    """What an error of the registry means for the question."""
    code = getattr(error, "winerror", None) or 0
    if isinstance(error, FileNotFoundError) or code in (FILE_NOT_FOUND, PATH_NOT_FOUND):
        return FileMissing(f"{asked} does not exist")
    if isinstance(error, PermissionError) or code == ACCESS_DENIED:
        return Denied(f"{asked} may not be read by this account")
    return ToolFailed(f"{asked}: Windows error {code}")
