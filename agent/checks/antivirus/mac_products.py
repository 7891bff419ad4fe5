"""The antivirus products that are looked for on macOS, and their own words where these are known.

A launch daemon's file alone does not prove that a product works: it is reported as installed, and
the rest is unknown.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from agent.checks.antivirus import cortex, mdatp
from agent.checks.antivirus.product import Health, Signs
from agent.host import Host, NoData, Unparsable
from agent.macos import plists

TIME_LIMIT = 10.0
NO_WORD = "no output of its tool is known that says whether files are examined when used"


@dataclass(frozen=True, slots=True)
class MacProduct:
    """`extensions` and `daemons` are what the bundle ids and the files of launchd start with."""

    name: str
    programs: tuple[str, ...]
    extensions: tuple[str, ...]
    daemons: tuple[str, ...] = ()
    ask: Callable[[Host, Signs], Health] | None = None


def sentinelone(host: Host, _: Signs) -> Health:
    """Guarding means protection enabled, ready, and no authorization missing."""
    return sentinelone_of(host.run("sentinelctl", "status", time_limit=TIME_LIMIT).text)


def sentinelone_of(text: str) -> Health:
    """Of ``sentinelctl status``. Raises Unparsable."""
    said = {
        key: value.strip() for key, value in re.findall(r"^ +([\w ]+):(.*)$", text, re.MULTILINE)
    }
    state, protection = said.get("Agent Operational State"), said.get("Protection")
    if protection not in ("enabled", "disabled") or said.get("Ready") not in ("yes", "no"):
        raise Unparsable("sentinelctl status names no protection that is known")
    found = Health(definitions_in_cloud=True, version=said.get("Version") or None)
    found.running = said["Ready"] == "yes" and state in ("enabled", None)
    lacking = said.get("Missing Authorizations", "")
    if lacking:
        found.remarks.append(f"missing authorizations: {lacking}")
    if protection == "enabled" and lacking:
        found.missing("real_time", NoData("protection is enabled and an authorization is missing"))
    else:
        found.real_time = protection == "enabled" and found.running
    found.because("sentinelctl status", f"protection {protection}, ready {said['Ready']}")
    return found


def falcon(host: Host, _: Signs) -> Health:
    """Guarding means that the sensor calls itself operational."""
    return falcon_of(host.run("falconctl", "stats", "agent_info", time_limit=TIME_LIMIT).text)


def falcon_of(text: str) -> Health:
    """Of ``falconctl stats agent_info``. Raises Unparsable."""
    operational = set(re.findall(r"^\s*Sensor operational: (true|false)\s*$", text, re.MULTILINE))
    if len(operational) != 1:
        raise Unparsable("falconctl stats does not say whether the sensor is operational")
    found = Health(definitions_in_cloud=True)
    found.running = found.real_time = operational == {"true"}
    version = re.search(r"^\s*version: (\S+)\s*$", text, re.MULTILINE)
    found.version = version[1] if version else None
    found.because("falconctl stats agent_info", f"sensor operational: {operational.pop()}")
    return found


def jamf_protect(host: Host, _: Signs) -> Health:
    """Its tool gives versions; that its threat prevention is on is not in a form we know."""
    printed = host.run("protectctl", "info", "--plist", time_limit=TIME_LIMIT).text
    fields = plists.table(printed, "protectctl info --plist")
    found = Health()
    version = fields.get("Version")
    found.version = version if isinstance(version, str) else None
    found.because("protectctl info --plist", "answers")
    found.missing("real_time", NoData(NO_WORD))
    found.missing("definitions_at", NoData("protectctl gives no date of what it knows"))
    return found


CATALOGUE = (
    MacProduct(
        name="Microsoft Defender",
        programs=("/Applications/Microsoft Defender.app/Contents/Info.plist",),
        extensions=("com.microsoft.wdav.epsext",),
        ask=mdatp.ask,
    ),
    MacProduct(
        name="SentinelOne",
        programs=("/Library/Sentinel/sentinel-agent.bundle/Contents/MacOS/sentinelctl",),
        extensions=("com.sentinelone.",),
        ask=sentinelone,
    ),
    MacProduct(
        name="CrowdStrike Falcon",
        programs=("/Applications/Falcon.app/Contents/Resources/falconctl",),
        extensions=("com.crowdstrike.falcon.Agent",),
        ask=falcon,
    ),
    MacProduct(
        name="Cortex XDR",
        programs=("/Library/Application Support/PaloAltoNetworks/Traps/bin/cytool",),
        extensions=("com.paloaltonetworks.traps.securityextension",),
        ask=cortex.ask,
    ),
    MacProduct(
        name="Jamf Protect",
        programs=("/Applications/JamfProtect.app/Contents/Info.plist",),
        extensions=("com.jamf.protect.security-extension",),
        ask=jamf_protect,
    ),
    MacProduct("Sophos", ("/Applications/Sophos",), ("com.sophos.",), ("com.sophos.",)),
    MacProduct("ESET", (), ("com.eset.",), ("com.eset.",)),
    MacProduct(
        "Trellix (McAfee)",
        ("/Library/McAfee/agent/bin/cmdagent",),
        ("com.mcafee.", "com.trellix."),
        ("com.mcafee.", "com.trellix."),
    ),
    MacProduct("Bitdefender", (), ("com.bitdefender.",), ("com.bitdefender.",)),
    MacProduct("Malwarebytes", (), ("com.malwarebytes.",), ("com.malwarebytes.",)),
    MacProduct("Kaspersky", (), ("com.kaspersky.",), ("com.kaspersky.",)),
)
