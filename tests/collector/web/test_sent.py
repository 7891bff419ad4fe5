"""What a device sent can be looked at whatever it holds."""

from datetime import UTC, datetime

import pytest

from collector.store.reports import StoredReport
from collector.web.sent import sent
from protos.posture.v1.posture_service_pb2 import Posture
from protos.posture.v1.signals_pb2 import Observation

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "nanos"), [(10**15, 0), (-(10**17), 0), (0, -5)])
def test_a_time_that_no_calendar_has_hides_nothing(seconds: int, nanos: int) -> None:
    observation = Observation(signal="os_updates")
    observation.os_updates.index_at.seconds = seconds
    observation.os_updates.index_at.nanos = nanos
    posture = Posture(observations=[observation])
    posture.inventory.hostname = "alice-laptop"
    stored = StoredReport(1, b"", posture.SerializeToString(), NOON, NOON)
    shown = sent(stored)
    assert shown is not None
    assert "alice-laptop" in shown.text
    assert str(seconds or nanos) in shown.text
    assert shown.inventory == posture.inventory
