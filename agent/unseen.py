"""What a look at the device could not see: where, for which reason, and what to do. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.words import reason
from protos.posture.v1 import signals_pb2 as signals
from protos.posture.v1.signals_pb2 import Gap, Observation

MOST_FIELDS = 3
ADVICE = {
    signals.UNKNOWN_REASON_TOOL_MISSING: "if this device should have it, ask IT to install it",
    signals.UNKNOWN_REASON_PERMISSION_DENIED: "look as root: sudo muster-agent check",
    signals.UNKNOWN_REASON_TIMED_OUT: "look again when the device is less busy",
    signals.UNKNOWN_REASON_TOOL_FAILED: "run the named command by hand and see why it fails",
    signals.UNKNOWN_REASON_NO_USER_SESSION: "log in on the device's screen, then look again",
    signals.UNKNOWN_REASON_CONFLICTING_SOURCES: "ask IT to leave only one of them in charge",
    signals.UNKNOWN_REASON_NOT_IMPLEMENTED: "nothing here: this version cannot see it; tell IT",
    signals.UNKNOWN_REASON_SANDBOXED: "ask IT to loosen the confinement of the agent's service",
    signals.UNKNOWN_REASON_NO_DATA: "update what the named source goes by, then look again",
}
"""By reason; the others (unparsable, too large, internal) are the agent's to learn."""
TELL_IT = "tell IT, with what muster-agent check shows"


@dataclass(frozen=True, slots=True)
class Unseen:
    """One signal that was seen in part or not at all."""

    signal: str
    said: str
    to_do: str


def unseen(observations: Iterable[Observation]) -> list[Unseen]:
    """In the order of the observations; nothing of what was seen whole or cannot apply."""
    return [_unseen(each) for each in observations if each.HasField("unknown") or each.gaps]


def _unseen(observation: Observation) -> Unseen:
    reasons: dict[int, list[Gap]] = {}
    for gap in observation.gaps:
        reasons.setdefault(gap.reason, []).append(gap)
    said = [_fields(gaps) for gaps in reasons.values()]
    if observation.HasField("unknown"):
        unknown = observation.unknown
        said.insert(0, f"not seen ({reason(unknown.reason)}): {unknown.detail}")
        reasons = {unknown.reason: [], **reasons}
    to_do = dict.fromkeys(_advice(code) for code in reasons)
    return Unseen(observation.signal, "; ".join(said), "; ".join(to_do))


def _fields(gaps: list[Gap]) -> str:
    """Gaps that share a reason; the first one's detail stands for all."""
    names = ", ".join(gap.field for gap in gaps[:MOST_FIELDS])
    more = f" and {len(gaps) - MOST_FIELDS} more" if len(gaps) > MOST_FIELDS else ""
    return f"not seen: {names}{more} ({reason(gaps[0].reason)}): {gaps[0].detail}"


def _advice(code: int) -> str:
    return next((said for known, said in ADVICE.items() if known == code), TELL_IT)
