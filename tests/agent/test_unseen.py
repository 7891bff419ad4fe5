from agent.unseen import ADVICE, TELL_IT, unseen
from protos.posture.v1 import signals_pb2 as s


def test_what_was_seen_whole_or_cannot_apply_is_not_named() -> None:
    seen = s.Observation(signal="firewall")
    seen.firewall.SetInParent()
    nowhere = s.Observation(signal="screen_lock")
    nowhere.not_applicable.because = "a server"
    assert unseen([seen, nowhere]) == []


def test_a_signal_that_was_not_seen_is_named_with_reason_and_advice() -> None:
    observation = s.Observation(signal="firewall")
    observation.unknown.reason = s.UNKNOWN_REASON_TOOL_MISSING
    observation.unknown.detail = "nft is not installed"
    (found,) = unseen([observation])
    assert found.signal == "firewall"
    assert found.said == "not seen (tool missing): nft is not installed"
    assert found.to_do == ADVICE[s.UNKNOWN_REASON_TOOL_MISSING]


def test_gaps_are_gathered_by_reason() -> None:
    observation = s.Observation(signal="antivirus")
    observation.antivirus.SetInParent()
    for number in range(5):
        reason = s.UNKNOWN_REASON_TIMED_OUT
        observation.gaps.add(field=f"products[{number}]", reason=reason, detail="late")
    observation.gaps.add(field="x", reason=s.UNKNOWN_REASON_UNPARSABLE, detail="what?")
    (found,) = unseen([observation])
    assert found.said == (
        "not seen: products[0], products[1], products[2] and 2 more (timed out): late; "
        "not seen: x (unparsable): what?"
    )
    assert found.to_do == f"{ADVICE[s.UNKNOWN_REASON_TIMED_OUT]}; {TELL_IT}"


def test_every_reason_leads_to_advice() -> None:
    for reason in s.UnknownReason.values():
        observation = s.Observation(signal="firewall")
        observation.unknown.reason = reason
        assert unseen([observation])[0].to_do
