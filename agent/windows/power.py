r"""The power settings in force: of a policy, else of the active scheme, else that scheme's default.

Below ``User\PowerSchemes`` lies only what somebody changed; what a scheme begins with lies below
``PowerSettings\...\DefaultPowerSchemeValues``, and only for the schemes of Windows: what one that
somebody made takes over from another is not told there. The GUIDs are Microsoft's (winnt.h), and a
setting of no subgroup lies right below the scheme.
"""

import re
from dataclasses import dataclass

from agent.host import CannotTell, Conflicting, Host, NoData, NotRecorded, Unparsable
from agent.windows.values import dword_in, words_in

POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Power\PowerSettings"
SCHEMES = r"HKLM\SYSTEM\CurrentControlSet\Control\Power\User\PowerSchemes"
SETTINGS = r"HKLM\SYSTEM\CurrentControlSet\Control\Power\PowerSettings"
NO_SUBGROUP = "fea3413e-7e05-4911-9a71-700331f1c294"
SUPPLIES = ("AC", "DC")
BEGUN = ("Override{}SettingIndex", "Prov{}SettingIndex", "{}SettingIndex")
"""What a scheme begins with, in the order in which Windows' power service asks."""
GUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Setting:
    """One power setting; `subgroup` is "" where it has none."""

    guid: str
    subgroup: str = ""

    def paths(self) -> tuple[str, ...]:
        if self.subgroup:
            return (rf"{self.subgroup}\{self.guid}",)
        return (self.guid, rf"{NO_SUBGROUP}\{self.guid}")


SLEEP_IDLE = Setting("29f6c1db-86da-48c5-9fdb-f2b67b1f44da", "238c9fa8-0aad-41ed-83f4-97be242c8f20")
DISPLAY_IDLE = Setting(
    "3c0bc021-c8a8-4e07-a973-6b14cbcb2b7e", "7516b95f-f776-4464-8c53-06167f40cc99"
)
STANDBY_ALLOWED = Setting(
    "abfc2519-3608-4c2a-94ea-171b0ed546ab", "238c9fa8-0aad-41ed-83f4-97be242c8f20"
)
PASSWORD_ON_WAKE = Setting("0e796bdb-100d-47d6-a2d5-f7d2daa51f51")


@dataclass(frozen=True, slots=True)
class InForce:
    """A setting on one supply. `number` is None when it cannot be told; `trouble` says why."""

    number: int | None = None
    policy: bool = False
    trouble: CannotTell | None = None


def active_scheme(host: Host) -> str:
    """The GUID, of the policy where there is one. Raises CannotTell."""
    try:
        found = words_in(host, POLICY, "ActivePowerScheme")
    except NotRecorded:
        found = None
    found = found or words_in(host, SCHEMES, "ActivePowerScheme")
    if not found:
        raise NoData("Windows names no active power scheme")
    guid = GUID.fullmatch(found)
    if guid is None:
        raise Unparsable(f"the active power scheme is {found[:40]!r}, which is no GUID")
    return guid[1].lower()


def in_force(host: Host, setting: Setting, scheme: str | CannotTell) -> tuple[InForce, InForce]:
    """On mains and on battery. `scheme` is the active one, or why it cannot be told."""
    mains, battery = (_on(host, setting, scheme, supply) for supply in SUPPLIES)
    return mains, battery


def of_policy(host: Host, setting: Setting, supply: str) -> int | None:
    """None where no policy sets it. Raises CannotTell."""
    return dword_in(host, rf"{POLICY}\{setting.guid}", f"{supply}SettingIndex")


def _on(host: Host, setting: Setting, scheme: str | CannotTell, supply: str) -> InForce:
    try:
        found = of_policy(host, setting, supply)
        if found is not None:
            return InForce(found, policy=True)
        if isinstance(scheme, CannotTell):
            return InForce(trouble=scheme)
        return InForce(_of_scheme(host, setting, scheme, supply))
    except CannotTell as trouble:
        return InForce(trouble=trouble)


def _of_scheme(host: Host, setting: Setting, scheme: str, supply: str) -> int:
    changed = [rf"{SCHEMES}\{scheme}\{path}" for path in setting.paths()]
    found = _agreed(host, changed, f"{supply}SettingIndex")
    if found is not None:
        return found
    begun = [rf"{SETTINGS}\{path}\DefaultPowerSchemeValues\{scheme}" for path in setting.paths()]
    trouble: CannotTell = NoData(f"the power scheme {scheme} has no {setting.guid} on {supply}")
    for name in BEGUN:
        try:
            found = _agreed(host, begun, name.format(supply))
        except NotRecorded as lacking:
            trouble = lacking
        if found is not None:
            return found
    raise trouble


def _agreed(host: Host, keys: list[str], name: str) -> int | None:
    """The number in whichever of `keys` holds it, the usual one first; None where none does.

    Raises Conflicting, what reading raises, and NotRecorded only for the usual key.
    """
    found: set[int] = set()
    lacking: NotRecorded | None = None
    for key in keys:
        try:
            number = dword_in(host, key, name)
        except NotRecorded as trouble:
            lacking = trouble if key == keys[0] else lacking
            continue
        if number is not None:
            found.add(number)
    if len(found) > 1:
        raise Conflicting(f"{' and '.join(keys)} hold {sorted(found)}")
    if not found and lacking is not None:
        raise lacking
    return found.pop() if found else None
