"""What the ActiveStore says of each profile: what is in force after GPO and MDM.

The store that PowerShell asks when it is not told otherwise holds local settings only, and says
NotConfigured where a policy decides. Enumerations of MSFT_NetFirewallProfile:
https://learn.microsoft.com/windows/win32/fwp/wmi/wfascimprov/msft-netfirewallprofile
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agent.host import CannotTell, Row, Unparsable
from agent.windows.rows import each, number, words

PROFILES = ("domain", "private", "public")
SOURCE = "MSFT_NetFirewallProfile (ActiveStore)"
ENABLED: Final[Mapping[int, bool | None]] = {0: False, 1: True, 2: None}
"""False, True, NotConfigured."""
ALLOWS: Final[Mapping[int, bool]] = {0: False, 2: True, 4: False}
"""DefaultInboundAction: NotConfigured means Windows' own default, which is to block."""
WORDS: Final[Mapping[str, Mapping[str, int]]] = {
    "Enabled": {"false": 0, "true": 1, "notconfigured": 2},
    "DefaultInboundAction": {"notconfigured": 0, "allow": 2, "block": 4},
    "AllowInboundRules": {"false": 0, "true": 1, "notconfigured": 2},
    "AllowLocalFirewallRules": {"false": 0, "true": 1, "notconfigured": 2},
}
"""How PowerShell shows the numbers in a table."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One profile as one source has it; None is "does not say"."""

    enabled: bool | None = None
    allows: bool | None = None
    """New inbound traffic is let in unless a rule blocks it."""
    spared: tuple[str, ...] = ()
    """Network adapters that the firewall is off on."""
    local_rules: bool | None = None
    trouble: CannotTell | None = None
    """Why `enabled` or `allows` is None."""


def read_profiles(rows: tuple[Row, ...]) -> dict[str, Setting]:
    """By the profile's name in lower case; two that differ under one name are not believed."""
    found: dict[str, Setting] = {}
    for row in rows:
        name = _name(row)
        if name not in PROFILES:
            continue
        setting = _setting(row)
        if name in found and found[name] != setting:
            setting = Setting(trouble=Unparsable(f"{SOURCE} lists {name} twice, and not alike"))
        found[name] = setting
    return found


def _name(row: Row) -> str:
    told = words(row, "Name") or words(row, "Profile") or words(row, "InstanceID") or ""
    return told.rpartition("|")[2].strip().lower()


def _setting(row: Row) -> Setting:
    try:
        enabled = _known(row, "Enabled", ENABLED)
        allows = _known(row, "DefaultInboundAction", ALLOWS)
        if _known(row, "AllowInboundRules", ENABLED) is False:
            allows = False  # "shielded": all of it is blocked, whatever the default (MS-FASP)
        local = _known(row, "AllowLocalFirewallRules", ENABLED)
    except Unparsable as trouble:
        return Setting(trouble=trouble)
    names = [str(name).strip() for name in each(row, "DisabledInterfaceAliases")]
    spared = sorted(name for name in names if name.strip("{}").lower() not in ("", "notconfigured"))
    return Setting(enabled, allows, tuple(spared), local)


def _known(row: Row, name: str, known: Mapping[int, bool | None]) -> bool | None:
    told = words(row, name)
    value = WORDS[name].get(told.lower()) if told is not None else None
    value = number(row, name) if value is None else value
    if value is None:
        return None
    if value not in known:
        raise Unparsable(f"{name} is {value}, which is none of {sorted(known)}")
    return known[value]
