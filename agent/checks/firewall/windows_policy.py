"""What the registry has configured for a profile: group policy before MDM before local settings.

It says what should be, and not whether the service that does it runs. Keys: MS-GPFAS 2.2 (group
policy), the Firewall CSP (MDM). Private is called StandardProfile in local and MDM settings; a
StandardProfile of group policy is of Windows XP's kind and means private and public.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from agent.checks.firewall.netsh import read_netsh
from agent.checks.firewall.windows_profiles import Setting
from agent.host import CannotTell, FileMissing, Host, NoData, NotRecorded, Unparsable

GROUP_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall"
LOCAL = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
STORED: Final[Mapping[str, str]] = {
    "domain": "DomainProfile",
    "private": "StandardProfile",
    "public": "PublicProfile",
}
IN_GROUP_POLICY: Final[Mapping[str, tuple[str, ...]]] = {
    "domain": ("DomainProfile",),
    "private": ("PrivateProfile", "StandardProfile"),
    "public": ("PublicProfile", "StandardProfile"),
}


def group_policy(host: Host, profile: str) -> bool | None:
    """Whether group policy switches the profile on or off; None when it does not say."""
    key = f"{GROUP_POLICY}\\{IN_GROUP_POLICY[profile][0]}"
    try:
        return _bit(host, key, "EnableFirewall")
    except CannotTell:
        return None


def configured(host: Host, profile: str) -> tuple[Setting, str]:
    """What is configured, and where that was said.

    `trouble` is set where a level that outranks the answer could not be read, and where nothing
    was found: Windows' default is on, and is not assumed. A level that a recording does not hold
    is passed over: live, each is there, absent, or denied.
    """
    unseen: CannotTell | None = None
    missing = NoData(f"the registry says nothing of the {profile} profile")
    for place, key in _levels(profile):
        try:
            enabled = _bit(host, key, "EnableFirewall")
        except NotRecorded:
            continue
        except CannotTell as trouble:
            unseen = unseen or trouble
            continue
        if enabled is not None:
            setting = Setting(enabled, _allows(host, profile), _spared(host, profile))
            return replace(setting, trouble=unseen), place
    try:
        return replace(read_netsh(host, profile), trouble=unseen), "netsh advfirewall"
    except CannotTell:
        return Setting(trouble=unseen or missing), ""


def _levels(profile: str) -> Iterator[tuple[str, str]]:
    for name in IN_GROUP_POLICY[profile]:
        yield "group policy", f"{GROUP_POLICY}\\{name}"
    yield "MDM", f"{LOCAL}\\Mdm\\{STORED[profile]}"
    yield "local settings", f"{LOCAL}\\{STORED[profile]}"


def _bit(host: Host, key: str, name: str) -> bool | None:
    """None when the value is not there. Raises CannotTell."""
    try:
        value = host.registry(key, name)
    except FileMissing:
        return None
    if value not in (0, 1):
        raise Unparsable(f"{key}\\{name} is {value!r}")
    return value == 1


def _allows(host: Host, profile: str) -> bool | None:
    """DefaultInboundAction counts otherwise here than in CIM: 0 allows, 1 blocks; absent blocks."""
    blocks: bool | None = None
    for place, key in _levels(profile):
        try:
            blocks = _bit(host, key, "DefaultInboundAction")
        except NotRecorded:
            if place == "local settings":
                return None
        except CannotTell:
            return None
        if blocks is not None:
            return not blocks
    return False


def _spared(host: Host, profile: str) -> tuple[str, ...]:
    try:
        names = str(host.registry(f"{LOCAL}\\{STORED[profile]}", "DisabledInterfaces"))
    except CannotTell:
        return ()
    return tuple(sorted(name.strip() for name in names.split(",") if name.strip("{} ")))
