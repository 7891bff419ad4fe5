"""firewall on macOS: the state of the application firewall that is in force, from two witnesses.

``socketfilterfw`` and ``system_profiler`` tell what is in force; where they disagree neither is
believed. A profile that requires the firewall says what should be and not what is. The file
com.apple.alf.plist is read before macOS 15 only: a later system leaves it behind, with values that
nobody updates.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from agent.checks.firewall import socketfilterfw
from agent.checks.firewall.socketfilterfw import BLOCKS_ALL, GLOBAL, STATES, TOOL
from agent.host import CannotTell, Conflicting, FileMissing, Host, NoData, Unparsable
from agent.macos import mdmclient, plists, preferences
from agent.macos.profiler import profile
from agent.macos.version import mac_version
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import Firewall, FirewallManager, FirewallScope, InboundDefault

SCOPE = "application"
PROFILER = "SPFirewallDataType"
MODES = {"allow_all": 0, "limit_connections": 1, "block_all": BLOCKS_ALL}
TITLES = {"Allow all incoming": 0, "Limit incoming": 1, "Block all": BLOCKS_ALL}
FILE_ENDS_WITH = (15,)
"""The first release that keeps the state elsewhere than in com.apple.alf.plist."""

MANAGED = "com.apple.security.firewall"
MANAGED_FILE = f"{preferences.MANAGED}/{MANAGED}.plist"
REQUIRED = re.compile(
    rf"^{re.escape(MANAGED)}:.*?^\s+EnableFirewall:\s+Value: (\d)", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Witness:
    """`state` is 0, 1 or 2 as in `STATES`."""

    source: str
    state: int


def observe(host: Host) -> Seen:
    """Raises the trouble of the best source when nothing at all is known."""
    seen = Seen(Firewall())
    witnesses, trouble = _witnesses(host, seen)
    _managers(host, seen, witnesses)
    assert isinstance(seen.value, Firewall)
    if not witnesses and not seen.value.managers:
        raise trouble or NoData("no source tells the state of the firewall")
    scope = seen.value.scopes.add(name=SCOPE, in_use=True)
    if trouble is None:
        trouble = _disagreement(witnesses)
    _judge(seen, scope, witnesses, trouble)
    return seen


def _witnesses(host: Host, seen: Seen) -> tuple[list[Witness], CannotTell | None]:
    """Both that tell what is in force; only where neither does, the next ones down, one by one."""
    found, first = _asked(host, seen, (_by_tool, _by_profiler))
    for ask in (_by_file, _by_mdmclient):
        if found:
            return found, None
        found, _ = _asked(host, seen, (ask,))
    return found, None if found else first


def _asked(
    host: Host, seen: Seen, asks: tuple[Callable[[Host], Witness], ...]
) -> tuple[list[Witness], CannotTell | None]:
    found: list[Witness] = []
    first: CannotTell | None = None
    for ask in asks:
        try:
            witness = ask(host)
        except CannotTell as trouble:
            first = first or trouble
            continue
        found.append(witness)
        seen.because(witness.source, f"the firewall is {STATES[witness.state]}")
    return found, first


def _by_tool(host: Host) -> Witness:
    return Witness(f"{TOOL} {GLOBAL}", socketfilterfw.global_state(host))


def _by_profiler(host: Host) -> Witness:
    told = profile(host, PROFILER)
    if told.json is not None:
        mode = str(told.json.get("spfirewall_globalstate", ""))
        state = MODES.get(mode.removeprefix("spfirewall_globalstate_"))
    else:
        mode = told.lines.get("Mode", "")
        state = next((s for words, s in TITLES.items() if mode.startswith(words)), None)
    if state is None:
        raise Unparsable(f"{told.source} names no state that is known")
    return Witness(told.source, state)


def _by_file(host: Host) -> Witness:
    version = mac_version(host)
    if version.numbers >= FILE_ENDS_WITH:
        raise NoData(f"macOS {version.product} does not keep the state in com.apple.alf.plist")
    found = preferences.computer(host, "com.apple.alf", "globalstate")
    state = plists.seconds(found.value) if found else None
    if found is None or state not in STATES:
        raise Unparsable("com.apple.alf.plist holds no state that is known")
    return Witness(found.source, state)


def _by_mdmclient(host: Host) -> Witness:
    on = mdmclient.flag(host, "FirewallEnabled")
    return Witness(" ".join(mdmclient.COMMAND), int(on))


def _disagreement(witnesses: list[Witness]) -> CannotTell | None:
    if len({witness.state > 0 for witness in witnesses}) < 2:
        return None
    said = ", ".join(f"{w.source}: {STATES[w.state]}" for w in witnesses)
    return Conflicting(f"the firewall is on or off by {said}")


def _judge(
    seen: Seen, scope: FirewallScope, witnesses: list[Witness], trouble: CannotTell | None
) -> None:
    if trouble is not None:
        seen.missing(f"scopes[{SCOPE}].inbound", trouble)
    elif witnesses[0].state:
        scope.inbound = InboundDefault.INBOUND_DEFAULT_BLOCKED
    else:
        scope.inbound = InboundDefault.INBOUND_DEFAULT_ALLOWED


def _managers(host: Host, seen: Seen, witnesses: list[Witness]) -> None:
    """What explains the state and never decides it."""
    assert isinstance(seen.value, Firewall)
    if witnesses:
        words = [STATES[witnesses[0].state]]
        told = socketfilterfw.flags(host).items()
        words += [f"{name} {'on' if on else 'off'}" for name, on in told]
        state = ", ".join(words)
        seen.value.managers.append(FirewallManager(name="application firewall", state=state))
    required = _required(host)
    if required is not None:
        state = f"requires the firewall to be {'on' if required else 'off'}"
        seen.value.managers.append(FirewallManager(name="device management", state=state))
        seen.because(MANAGED, f"a profile {state}")
    packet_filter = _packet_filter(host)
    if packet_filter:
        seen.value.managers.append(FirewallManager(name="pf", state=packet_filter))


def _required(host: Host) -> bool | None:
    """What a profile demands; None when none does or it could not be seen."""
    try:
        fields = plists.read(host, MANAGED_FILE)
    except FileMissing:
        return None
    except CannotTell:
        return _required_by_profiler(host)
    return plists.flag(fields.get("EnableFirewall"))


def _required_by_profiler(host: Host) -> bool | None:
    try:
        printed = host.run("system_profiler", "SPManagedClientDataType").text
    except CannotTell:
        return None
    found = REQUIRED.search(printed)
    return plists.flag(found[1]) if found else None


def _packet_filter(host: Host) -> str:
    try:
        found = re.search(
            r"^Status: (Enabled|Disabled)", host.run("pfctl", "-s", "info").text, re.MULTILINE
        )
    except CannotTell:
        return ""
    return found[1].lower() if found else ""
