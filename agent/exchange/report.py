"""Equal posture gives equal bytes: what goes to the collector, and its digest. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agent import __version__
from agent.observation import unknown
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.posture_service_pb2 import Posture, Report
from protos.posture.v1.signals_pb2 import Observation, UnknownReason

LARGEST_POSTURE = 15_500
"""Bytes. With its envelope a report stays under 16 KB."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything seen at one moment; `posture` is a serialised Posture."""

    posture: bytes
    observed_at: datetime

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.posture).digest()

    def report(self, sequence: int) -> Report:
        report = Report(sequence=sequence, posture=self.posture)
        report.observed_at.FromDatetime(self.observed_at)
        return report


def posture(
    observations: Iterable[Observation], inventory: Inventory, agent_version: str = __version__
) -> bytes:
    """Serialise; while it is too large, the largest observation becomes unknown(too_large)."""
    message = Posture(inventory=inventory, observations=observations, agent_version=agent_version)
    while message.ByteSize() > LARGEST_POSTURE:
        largest = max(message.observations, key=Observation.ByteSize, default=None)
        if largest is None or _was_cut(largest):
            break
        _cut(largest)
    return message.SerializeToString(deterministic=True)


def _cut(observation: Observation) -> None:
    signal, size = observation.signal, observation.ByteSize()
    observation.Clear()
    observation.signal = signal
    reason = UnknownReason.UNKNOWN_REASON_TOO_LARGE
    unknown(observation, reason, f"the report is too large; this part of it holds {size} bytes")


def _was_cut(observation: Observation) -> bool:
    return observation.unknown.reason == UnknownReason.UNKNOWN_REASON_TOO_LARGE
