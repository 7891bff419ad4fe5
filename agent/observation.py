"""How a check's answer, or its trouble, becomes an observation.

`observe` is the only place where a check's trouble becomes an observation: a check returns a
`Seen`, or raises `CannotTell` or `NotApplicableHere`. A check holds no threshold and no verdict.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from google.protobuf.message import Message

from agent.host import CannotTell, Host, NotApplicableHere
from agent.log import to_stderr
from agent.printable import shorten
from protos.posture.v1.signals_pb2 import Evidence, Gap, Observation, Unknown, UnknownReason

MOST_EVIDENCE = 12
MOST_GAPS = 60
LARGEST_OBSERVATION = 12_000
"""Bytes of one serialised observation; a larger one is `unknown(too_large)`."""


@dataclass(slots=True)
class Seen:
    """What one check saw: the signal's message, what was asked for it, and what is missing."""

    value: Message
    evidence: list[Evidence] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def because(self, source: str, said: str) -> None:
        """Add one line of evidence. `said` must not hold times, counters or process ids."""
        self.evidence.append(Evidence(source=shorten(source), said=shorten(said)))

    def missing(self, name: str, trouble: CannotTell) -> None:
        """Say that the field `name` could not be seen, and why."""
        self.gaps.append(Gap(field=name, reason=trouble.reason, detail=shorten(str(trouble))))


Check = Callable[[Host], Seen]


def observe(signal: str, check: Check | None, host: Host) -> Observation:
    """Ask one check; every kind of trouble becomes a reason here and nowhere else."""
    observation = Observation(signal=signal)
    if check is None:
        reason = UnknownReason.UNKNOWN_REASON_NOT_IMPLEMENTED
        return unknown(observation, reason, f"no check for {signal} on {host.os} yet")
    try:
        seen = check(host)
    except NotApplicableHere as why:
        observation.not_applicable.because = shorten(str(why))
        return observation
    except CannotTell as trouble:
        return unknown(observation, trouble.reason, str(trouble))
    except Exception as defect:  # noqa: BLE001 - a check's defect must not cost the other signals
        reason = UnknownReason.UNKNOWN_REASON_INTERNAL
        return unknown(observation, reason, f"{type(defect).__name__}: {defect}")
    return _filled(observation, seen)


def spared(part: Callable[[], object], what: str) -> None:
    """Do one part of many; a defect in it is logged and does not cost the others."""
    try:
        part()
    except Exception as defect:  # noqa: BLE001 - as in `observe`
        to_stderr("a part was left out", part=what, defect=f"{type(defect).__name__}: {defect}")


def unknown(observation: Observation, reason: UnknownReason.ValueType, detail: str) -> Observation:
    observation.unknown.CopyFrom(Unknown(reason=reason, detail=shorten(detail)))
    return observation


def _filled(observation: Observation, seen: Seen) -> Observation:
    """Evidence may be shortened; a gap that was left out could turn into a wrong answer."""
    signal = observation.signal
    getattr(observation, signal).CopyFrom(seen.value)
    observation.evidence.extend(seen.evidence[:MOST_EVIDENCE])
    observation.gaps.extend(seen.gaps)
    size = observation.ByteSize()
    if len(seen.gaps) <= MOST_GAPS and size <= LARGEST_OBSERVATION:
        return observation
    reason = UnknownReason.UNKNOWN_REASON_TOO_LARGE
    detail = f"the observation holds {size} bytes and {len(seen.gaps)} gaps"
    return unknown(Observation(signal=signal), reason, detail)
