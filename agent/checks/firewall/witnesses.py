"""What programs that manage firewalls say of themselves; it explains and decides nothing."""

import re
from dataclasses import dataclass

from agent.checks.firewall.loaded import describe
from agent.checks.firewall.ruleset import Table
from agent.host import CannotTell, Host, NotRecorded, Unparsable, read_text

NOBODY = "none"
"""The name where nothing is loaded and nobody manages it."""
UFW_CONF = "/etc/ufw/ufw.conf"
LOST = "ENABLED=yes, and none of its rules is loaded"
_ENABLED = re.compile(r"(?m)^\s*ENABLED\s*=\s*[\"']?(\w+)")
_STATUS = re.compile(r"(?m)^Status: (\w+)")
_LETS_IN = re.compile(r"(?m)^(\S.*?)(?: \(v6\))?  +(?:ALLOW|LIMIT)(?: IN)?  +\S")
_INCOMING = re.compile(r"(?m)^Default:.*?(\w+ \(incoming\))")


@dataclass(frozen=True, slots=True)
class Manager:
    """`source` and `said` are its evidence; empty for what the ruleset itself shows."""

    name: str
    state: str
    source: str = ""
    said: str = ""


def managers(host: Host, tables: tuple[Table, ...] | None) -> list[Manager]:
    """Every manager found; "none" when nothing is loaded either. `tables` None: not readable."""
    found = [manager for manager in (_ufw(host, tables), _firewalld(host)) if manager]
    found += _by_hand(tables or (), {manager.name for manager in found})
    if not found and tables is not None:
        return [Manager(NOBODY, "no rules and no manager")]
    return found


def parse_ufw_status(text: str) -> str:
    """ "active, deny (incoming)" of `ufw status verbose`, "active" of `ufw status`.

    Raises Unparsable.
    """
    status = _STATUS.search(text)
    if status is None:
        raise Unparsable("ufw status printed no Status line")
    incoming = _INCOMING.search(text)
    return f"{status[1]}, {incoming[1]}" if incoming else status[1]


def parse_ufw_openings(text: str) -> list[str]:
    """What `ufw status` lists as let in, in the words of FirewallOpening where they fit.

    >>> parse_ufw_openings("Status: active\\n22/tcp       ALLOW IN    Anywhere\\n")
    ['tcp/22']
    """
    found = (target.partition("/") for target in _LETS_IN.findall(text))
    return sorted({f"{protocol}/{ports}" if protocol else ports for ports, _, protocol in found})


def _ufw(host: Host, tables: tuple[Table, ...] | None) -> Manager | None:
    """ufw asks iptables, which may create tables: it is asked only when its chains are there."""
    try:
        found = _ENABLED.search(read_text(host, UFW_CONF))
        enabled = found[1].lower() if found else "no"
    except NotRecorded:
        return _ufw_status(host, tables is None)
    except CannotTell:
        enabled = ""
    if tables is None or _has_ufw_chains(tables):
        answer = _ufw_status(host, tables is None)
        if answer is not None:
            return answer
    if not enabled:
        return None
    state = "inactive" if enabled == "no" else f"inactive ({LOST})"
    return Manager("ufw", state, UFW_CONF, f"ENABLED={enabled}")


def _ufw_status(host: Host, alone: bool) -> Manager | None:
    """`alone`: no ruleset could be read, and ufw's list is all there is of what is let in."""
    for command in (("ufw", "status", "verbose"), ("ufw", "status")):
        try:
            printed = host.run(*command).text
            state = parse_ufw_status(printed)
        except NotRecorded:
            continue
        except CannotTell:
            return None
        opened = ", ".join(parse_ufw_openings(printed)) if alone else ""
        said = f"{state}; lets in {opened}" if opened else state
        return Manager("ufw", state, " ".join(command), said)
    return None


def _has_ufw_chains(tables: tuple[Table, ...]) -> bool:
    return any(key[1].startswith(("ufw-", "ufw6-")) for table in tables for key in table.chains)


def _firewalld(host: Host) -> Manager | None:
    """firewall-cmd(1): status 0 is running, 252 is not running, others are failures to ask."""
    try:
        answer = host.run("firewall-cmd", "--state", ok=range(256))
    except CannotTell:
        return None
    source = "firewall-cmd --state"
    if answer.exit_status != 0 or answer.text.strip() != "running":
        return Manager("firewalld", "not running", source, "not running")
    try:
        zone = host.run("firewall-cmd", "--get-default-zone").text.strip()
    except CannotTell:
        return Manager("firewalld", "running", source, "running")
    return Manager("firewalld", f"running, default zone {zone}", source, "running")


def _by_hand(tables: tuple[Table, ...], known: set[str]) -> list[Manager]:
    """Rules that none of the managers above loaded."""
    native = tuple(
        table
        for table in tables
        if table.origin == "nftables" and not table.name.endswith(" firewalld")
    )
    found = [Manager("nftables", describe(native))] if native else []
    made = tuple(table for table in tables if table.origin != "nftables")
    if made and not _has_ufw_chains(made) and "firewalld" not in known:
        kind = "legacy" if any(table.origin == "legacy" for table in made) else "nf_tables"
        found.append(Manager("iptables", f"{kind}: {describe(made)}"))
    return found
