"""Where a property list that was copied out of a Mac had lain, by the name it was given."""

import re

DOMAIN = re.compile(
    r"(?:^|[_/-])(?P<domain>com\.apple\.[A-Za-z.]+?)(?:\.(?P<host>[0-9A-F-]{36}))?$"
)
SYSTEM_VERSION = "/System/Library/CoreServices/SystemVersion.plist"
XPROTECT_NEW = "/private/var/protected/xprotect/XProtect.bundle/Contents/Info.plist"
XPROTECT_OLD = "/Library/Apple/System/Library/CoreServices/XProtect.bundle/Contents/Info.plist"


def path_of(name: str) -> str | None:
    """None for a name that is none of these, and for a person's own settings.

    >>> path_of("Managed_Preferences_com.apple.screensaver")
    '/Library/Managed Preferences/com.apple.screensaver.plist'
    >>> path_of("diskutil_apfs_list_-plist")
    """
    if name.endswith("SystemVersion"):
        return SYSTEM_VERSION
    if "XProtect" in name and name.endswith("Info"):
        return XPROTECT_NEW if "protected" in name else XPROTECT_OLD
    found = DOMAIN.search(name)
    if found is None or found["host"] or name.startswith("defaults"):
        return None
    folder = "Managed Preferences" if "managed" in name.lower() else "Preferences"
    return f"/Library/{folder}/{found['domain']}.plist"


def by_host(name: str) -> str | None:
    """The domain, of a person's settings for one Mac: com.apple.screensaver.<UUID>.plist."""
    found = DOMAIN.search(name)
    return found["domain"] if found and found["host"] else None
