"""A check's trouble becomes a reason, in one place, and no cut can change an answer."""

import pytest

from agent.host import CannotTell, Denied, Host, NoData, NotApplicableHere, TimedOut, Unparsable
from agent.observation import MOST_EVIDENCE, MOST_GAPS, Check, Seen, observe
from protos.posture.v1.signals_pb2 import Antivirus, Firewall, FirewallScope, UnknownReason
from tests.fakes import FakeHost


def raising(trouble: Exception) -> Check:
    def check(host: Host) -> Seen:
        raise trouble

    return check


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (Denied("no"), UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED),
        (TimedOut("slow"), UnknownReason.UNKNOWN_REASON_TIMED_OUT),
        (Unparsable("?"), UnknownReason.UNKNOWN_REASON_UNPARSABLE),
        (NoData("empty"), UnknownReason.UNKNOWN_REASON_NO_DATA),
        (ZeroDivisionError("oops"), UnknownReason.UNKNOWN_REASON_INTERNAL),
        (RecursionError(), UnknownReason.UNKNOWN_REASON_INTERNAL),
    ],
)
def test_trouble_becomes_unknown_with_its_reason(
    trouble: Exception, reason: UnknownReason.ValueType
) -> None:
    seen = observe("firewall", raising(trouble), FakeHost())
    assert seen.WhichOneof("outcome") == "unknown"
    assert seen.unknown.reason == reason


def test_every_kind_of_trouble_has_a_reason_of_its_own_words() -> None:
    kinds = CannotTell.__subclasses__()
    assert kinds
    assert all(kind.reason != UnknownReason.UNKNOWN_REASON_INTERNAL for kind in kinds)


def test_a_missing_check_is_not_implemented() -> None:
    seen = observe("firewall", None, FakeHost(os="windows"))
    assert seen.unknown.reason == UnknownReason.UNKNOWN_REASON_NOT_IMPLEMENTED
    assert "windows" in seen.unknown.detail


def test_what_cannot_exist_here_is_not_applicable() -> None:
    seen = observe("firewall", raising(NotApplicableHere("a container")), FakeHost())
    assert seen.not_applicable.because == "a container"


def test_what_was_seen_is_filled_in_with_evidence_and_gaps() -> None:
    def check(host: Host) -> Seen:
        seen = Seen(Firewall(scopes=[FirewallScope(name="ipv4")]))
        seen.because("nft list ruleset", "two\nlines")
        seen.missing("scopes[ipv4].inbound", Denied("no"))
        return seen

    seen = observe("firewall", check, FakeHost())
    assert seen.firewall.scopes[0].name == "ipv4"
    assert seen.evidence[0].said == "two lines"
    assert seen.gaps[0].reason == UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED


def test_too_much_evidence_is_shortened_and_too_many_gaps_are_an_unknown() -> None:
    def talkative(host: Host) -> Seen:
        seen = Seen(Antivirus())
        for number in range(100):
            seen.because(f"source {number}", "said")
        return seen

    def blind(host: Host) -> Seen:
        seen = Seen(Antivirus())
        for number in range(MOST_GAPS + 1):
            seen.missing(f"products[{number}].running", Denied("no"))
        return seen

    assert len(observe("antivirus", talkative, FakeHost()).evidence) == MOST_EVIDENCE
    unseen = observe("antivirus", blind, FakeHost())
    assert unseen.unknown.reason == UnknownReason.UNKNOWN_REASON_TOO_LARGE


def test_an_oversize_observation_is_unknown_and_small() -> None:
    def check(host: Host) -> Seen:
        scopes = [FirewallScope(name="x" * 100) for _ in range(1000)]
        return Seen(Firewall(scopes=scopes))

    seen = observe("firewall", check, FakeHost())
    assert seen.unknown.reason == UnknownReason.UNKNOWN_REASON_TOO_LARGE
    assert seen.ByteSize() < 1000
