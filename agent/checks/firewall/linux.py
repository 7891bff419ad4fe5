"""firewall on Linux: what the loaded rules do to a new inbound packet, not what is configured.

Order of belief: the rulesets in the kernel (`loaded`), then nothing. A manager's own words stand
beside the answer and never replace it, because rules can be flushed under a manager that still
calls itself active.
"""

from agent.checks.firewall.addresses import Version
from agent.checks.firewall.confinement import require_host_network
from agent.checks.firewall.inbound import Inbound, inbound
from agent.checks.firewall.interfaces import Interface, inbound_interfaces, ipv6_in_use
from agent.checks.firewall.loaded import Loaded, read_loaded
from agent.checks.firewall.published import published
from agent.checks.firewall.witnesses import NOBODY, managers
from agent.host import CannotTell, Host, TooLarge
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import (
    Firewall,
    FirewallManager,
    FirewallOpening,
    FirewallScope,
    InboundDefault,
)

MOST_OPENINGS = 64
SCOPES: tuple[tuple[str, Version], ...] = (("ipv4", 4), ("ipv6", 6))


def observe(host: Host) -> Seen:
    """Raises NotApplicableHere in a container, Denied for an account that may not see rules."""
    require_host_network(host)
    loaded = read_loaded(host)
    value = Firewall()
    seen = Seen(value)
    for source, said in loaded.said:
        seen.because(source, said)
    readable = bool(loaded.said) or not loaded.unseen
    for manager in managers(host, loaded.ruleset.tables if readable else None):
        if manager.name == NOBODY and loaded.unseen:
            continue  # who loaded what could not be seen is not known
        value.managers.append(FirewallManager(name=manager.name, state=manager.state))
        if manager.source:
            seen.because(manager.source, manager.said)
    if not readable and not value.managers:
        raise loaded.unseen[0]
    interfaces = inbound_interfaces(host)
    for name, version in SCOPES:
        _scope(seen, value, host, loaded, (name, version, interfaces))
    return seen


def _scope(
    seen: Seen,
    value: Firewall,
    host: Host,
    loaded: Loaded,
    which: tuple[str, Version, tuple[Interface, ...]],
) -> None:
    name, version, interfaces = which
    scope = value.scopes.add(name=name)
    trouble = _in_use(seen, scope, host, version)
    answer = inbound(loaded.ruleset, version, interfaces)
    if answer.blocked:
        scope.inbound = InboundDefault.INBOUND_DEFAULT_BLOCKED
    elif loaded.unseen or trouble or answer.blocked is None:
        seen.missing(f"scopes[{name}].inbound", _why(loaded, trouble, answer))
    else:
        scope.inbound = InboundDefault.INBOUND_DEFAULT_ALLOWED
    if loaded.unseen or trouble:
        _missing_openings(seen, trouble or loaded.unseen[0])
    elif scope.in_use:
        beside = published(loaded.ruleset.tables, version)
        answer.openings = sorted({*answer.openings, *beside})
        _openings(seen, value, answer, name)


def _why(loaded: Loaded, trouble: CannotTell | None, answer: Inbound) -> CannotTell:
    reasons = [*loaded.unseen, trouble, answer.trouble]
    return next(reason for reason in reasons if reason is not None)


def _in_use(seen: Seen, scope: FirewallScope, host: Host, version: Version) -> CannotTell | None:
    """Fill `in_use`; IPv4 always is, since any network brings it."""
    try:
        scope.in_use = version == 4 or ipv6_in_use(host)
    except CannotTell as trouble:
        seen.missing(f"scopes[{scope.name}].in_use", trouble)
        return trouble
    return None


def _openings(seen: Seen, value: Firewall, answer: Inbound, scope: str) -> None:
    for opening in answer.openings[:MOST_OPENINGS]:
        value.openings.append(
            FirewallOpening(
                protocol=opening.protocol,
                ports=opening.ports,
                source=opening.source,
                scope=scope,
            )
        )
    more = len(answer.openings) - MOST_OPENINGS
    if more > 0:
        _missing_openings(seen, TooLarge(f"{more} more openings of {scope} are not listed"))
    elif answer.openings_trouble:
        _missing_openings(seen, answer.openings_trouble)


def _missing_openings(seen: Seen, trouble: CannotTell) -> None:
    """The list is one for all scopes, and so is its gap."""
    if all(gap.field != "openings" for gap in seen.gaps):
        seen.missing("openings", trouble)
