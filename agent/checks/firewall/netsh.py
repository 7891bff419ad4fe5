"""Reads `netsh advfirewall show allprofiles` in English, the one language it is believed in.

It shows local settings. ``LocalFirewallRules  N/A (GPO-store only)`` stands there on every
computer and is no sign of group policy.
"""

import re

from agent.checks.firewall.windows_profiles import Setting
from agent.host import Host, Unparsable

HEAD = re.compile(r"(Domain|Private|Public) Profile Settings:\s*")
STATE = {"on": True, "off": False}


def read_netsh(host: Host, profile: str) -> Setting:
    """Raises CannotTell."""
    found = parse_profiles(host.run("netsh", "advfirewall", "show", "allprofiles").text)
    if profile not in found:
        raise Unparsable(f"netsh says nothing of the {profile} profile in words we know")
    return found[profile]


def parse_profiles(text: str) -> dict[str, Setting]:
    """The profiles whose state is told in known words."""
    found: dict[str, Setting] = {}
    profile = ""
    for line in text.splitlines():
        if head := HEAD.fullmatch(line):
            profile = head[1].lower()
            continue
        key, _, value = line.strip().partition("  ")
        value = value.strip()
        if profile and key == "State" and value.lower() in STATE:
            found[profile] = Setting(enabled=STATE[value.lower()])
        if profile in found and key == "Firewall Policy":
            inbound = value.partition(",")[0]
            allows = {"AllowInbound": True, "BlockInbound": False, "BlockInboundAlways": False}
            found[profile] = Setting(found[profile].enabled, allows.get(inbound))
    return found
