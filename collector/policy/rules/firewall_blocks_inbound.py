"""A laptop on a hostile network must not answer the whole room."""

from collections.abc import Mapping

from collector.model import Circumstances, Platform, Rule, Severity, Status, Verdict
from collector.policy.wording import Text, listed, sentence, with_detail
from protos.posture.v1.signals_pb2 import Firewall, FirewallOpening, FirewallScope, InboundDefault

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
        names = listed(open_scopes)
        let_in = Text("new inbound traffic is let in on %(names)s", names=names)
        words = with_detail(let_in, _managers(seen))
        return Verdict(Status.FAIL, sentence(words), cause=_weakness(seen))
    doubt = _doubt(seen, guarding, circumstances.platform)
    if doubt:
        return Verdict(Status.UNKNOWN, sentence(doubt))
    names = listed([scope.name for scope in guarding])
    blocked = Text("new inbound traffic is blocked on %(names)s", names=names)
    return Verdict(Status.PASS, sentence(blocked, *_openings(seen)))


def _doubt(seen: Firewall, guarding: list[FirewallScope], platform: Platform | None) -> str:
    if platform is None:
        return Text("the device did not say which operating system it runs")
    present = {scope.name for scope in seen.scopes}
    missing = [name for name in EXPECTED[platform] if name not in present]
    if missing:
        return Text("the firewall was not seen for %(names)s", names=listed(missing))
    # One that may or may not be in use is judged as in use, but cannot fail for it.
    unclear = [scope.name for scope in guarding if scope.inbound != BLOCKED]
    if unclear:
        return Text(
            "it could not be told whether inbound traffic is blocked on %(names)s",
            names=listed(unclear),
        )
    return "" if guarding else Text("no part of the firewall is in use now")


def _openings(seen: Firewall) -> list[str]:
    openings = dict.fromkeys(_named(opening) for opening in seen.openings)
    return [Text("open on purpose: %(names)s", names=listed(openings, 5))] if openings else []


def _named(opening: FirewallOpening) -> str:
    if not opening.ports:
        if not opening.protocol:
            return Text("any any port")
        return Text("%(protocol)s any port", protocol=opening.protocol)
    if not opening.protocol:
        return Text("any %(ports)s", ports=opening.ports)
    return f"{opening.protocol} {opening.ports}"


def _weakness(seen: Firewall) -> str:
    """Set when it is off by a policy, which nobody can change on the device."""
    return "group_policy" if any(m.name == GROUP_POLICY for m in seen.managers) else ""


def _managers(seen: Firewall) -> str:
    present = [each for each in seen.managers if each.name not in ("", "none") and each.state]
    said = [Text("%(name)s says %(state)s", name=m.name, state=m.state) for m in present]
    return listed(said, 2) if said else ""


RULE = Rule(
    id="firewall_blocks_inbound",
    signal="firewall",
    severity=Severity.HIGH,
    judge=judge,
    needs=("scopes",),
    whole_to_pass=("scopes",),
)
