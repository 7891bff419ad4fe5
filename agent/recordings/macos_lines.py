"""Which of our questions a file of a Mac answers, however its recorder joined the words.

"fdesetup-status", "SW_VERS" and "sysadminctl screenLock status" name a command as well as
"fdesetup_status" does: letters and digits are compared, in order, and never a part of them.
"""

import re

LINES = (
    "csrutil status",
    "cytool info",
    "cytool info query",
    "cytool runtime query",
    "defaults -currentHost read com.apple.screensaver idleTime",
    "diskutil apfs list",
    "diskutil apfs list -plist",
    "diskutil list -plist",
    "diskutil list -plist internal physical",
    "dscl . -list /Users UniqueID",
    "falconctl stats",
    "falconctl stats agent_info",
    "fdesetup isactive",
    "fdesetup status",
    "ioreg -rd1 -c IOPlatformExpertDevice",
    "ioreg -rd1 -c IOPlatformExpertDevice -a",
    "mdatp health",
    "mdatp health --output json",
    "mdmclient QuerySecurityInfo",
    "networksetup -listallhardwareports",
    "pfctl -s info",
    "pmset -g",
    "pmset -g custom",
    "protectctl info --plist",
    "scutil --get LocalHostName",
    "sentinelctl status",
    "socketfilterfw --getblockall",
    "socketfilterfw --getglobalstate",
    "socketfilterfw --getstealthmode",
    "softwareupdate -l",
    "softwareupdate -l --no-scan",
    "softwareupdate --list",
    "softwareupdate --list --no-scan",
    "spctl --status",
    "stat -f%u /dev/console",
    "sw_vers",
    "sw_vers -buildVersion",
    "sw_vers -productVersion",
    "sw_vers -productVersionExtra",
    "sysadminctl -screenLock status",
    "sysctl -n kern.hv_vmm_present",
    "systemextensionsctl list",
    "systemsetup -getcomputername",
    "systemsetup -getdisplaysleep",
)
PROFILER = re.compile(r"systemprofiler(?:json|xml)*(sp[a-z]+datatype)(?:json|xml)*")
KINDS = (
    "SPCardReaderDataType",
    "SPFirewallDataType",
    "SPHardwareDataType",
    "SPManagedClientDataType",
    "SPNVMeDataType",
    "SPSerialATADataType",
    "SPSoftwareDataType",
)


def squeezed(words: str) -> str:
    return re.sub(r"[\W_]", "", words).lower()


BY_LETTERS = {squeezed(line): line for line in reversed(LINES)}
BY_KIND = {kind.lower(): kind for kind in KINDS}


def line_of(name: str) -> str | None:
    """Of several lines with the same letters the first.

    >>> line_of("pmset-g-custom"), line_of("SW-VERS"), line_of("csrutil status of bob")
    ('pmset -g custom', 'sw_vers', None)
    """
    return BY_LETTERS.get(squeezed(name))


def kind_of(name: str) -> str | None:
    """
    >>> kind_of("system-profiler-json-SPHardwareDataType")
    'SPHardwareDataType'
    """
    found = PROFILER.fullmatch(squeezed(name))
    return BY_KIND.get(found[1]) if found else None
