"""A laptop on a hostile network must not answer the whole room."""

from collections.abc import Mapping

from collector.model import Circumstances, Platform, Rule, Severity, Status, Verdict
from collector.policy.wording import listed, sentence
from protos.posture.v1.signals_pb2 import Firewall, FirewallScope, InboundDefault

EXPECTED = {
    Platform.LINUX: ("ipv4", "ipv6"),
    Platform.MACOS: ("application",),
    Platform.WINDOWS: ("domain", "private", "public"),
}
"""A firewall is as open as the part of it that nobody looked at."""
BLOCKED = InboundDefault.INBOUND_DEFAULT_BLOCKED
ALLOWED = InboundDefault.INBOUND_DEFAULT_ALLOWED
GROUP_POLICY = "group policy"
"""The name of the FirewallManager that stands for it."""


def judge(seen: Firewall, _: Mapping[str, int], circumstances: Circumstances) -> Verdict:
    guarding = [scope for scope in seen.scopes if scope.in_use or not scope.HasField("in_use")]
    open_scopes = [s.name for s in guarding if s.in_use and s.inbound == ALLOWED]
    if open_scopes:
        words = f"new inbound traffic is let in on {listed(open_scopes)}{_managers(seen)}"
        return Verdict(Status.FAIL, sentence(words), cause=_weakness(seen))
    doubt = _doubt(seen, guarding, circumstances.platform)
    if doubt:
        return Verdict(Status.UNKNOWN, sentence(doubt))
    names = listed([scope.name for scope in guarding])
    words = f"new inbound traffic is blocked on {names}{_openings(seen)}"
    return Verdict(Status.PASS, sentence(words))


def _doubt(seen: Firewall, guarding: list[FirewallScope], platform: Platform | None) -> str:
    if platform is None:
        return "the device did not say which operating system it runs"
    present = {scope.name for scope in seen.scopes}
    missing = [name for name in EXPECTED[platform] if name not in present]
    if missing:
        return f"the firewall was not seen for {listed(missing)}"
    # One that may or may not be in use is judged as in use, but cannot fail for it.
    unclear = [scope.name for scope in guarding if scope.inbound != BLOCKED]
    if unclear:
        return f"it could not be told whether inbound traffic is blocked on {listed(unclear)}"
    return "" if guarding else "no part of the firewall is in use now"


def _openings(seen: Firewall) -> str:
    openings: dict[str, None] = {}
    for opening in seen.openings:
        openings.setdefault(f"{opening.protocol or 'any'} {opening.ports or 'any port'}")
    return f"; open on purpose: {listed(list(openings), 5)}" if openings else ""


def _weakness(seen: Firewall) -> str:
    """Set when it is off by a policy, which nobody can change on the device."""
    return "group_policy" if any(m.name == GROUP_POLICY for m in seen.managers) else ""


def _managers(seen: Firewall) -> str:
    present = [each for each in seen.managers if each.name not in ("", "none") and each.state]
    said = [f"{each.name} says {each.state}" for each in present]
    return f" ({listed(said, 2)})" if said else ""


RULE = Rule(
    id="firewall_blocks_inbound",
    signal="firewall",
    severity=Severity.HIGH,
    judge=judge,
    needs=("scopes",),
    whole_to_pass=("scopes",),
)
