import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.exchange import progress as record
from agent.exchange.checkin import CheckIn
from agent.exchange.receipt import Receipts
from agent.exchange.report import LARGEST_POSTURE, Observed, posture
from agent.exchange.spool import Spool
from agent.exchange.troubles import CollectorFailed, Rejected, Unreachable
from agent.state import State
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.signals_pb2 import Observation
from tests.fakes import FakeTransport, FixedClock


class Device:
    """An agent's exchange with a fake collector; `seen` is what it would observe now."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock()
        self.state = State.open(folder)
        self.collector = FakeTransport()
        self.seen = b"A"

    def check_in(self) -> wire.CheckInResponse:
        observed = Observed(self.seen, self.clock())
        exchange = CheckIn(self.state, self.collector, self.clock, lambda: observed)
        return exchange.run()

    @property
    def spool(self) -> Spool:
        return Spool(self.state.path("spool"))

    def sent(self) -> list[str]:
        """Sequence, kind and posture of each request, in a word."""
        said = []
        for request in self.collector.sent:
            assert isinstance(request, wire.CheckInRequest)
            if request.HasField("report"):
                said.append(f"{request.report.sequence}{request.report.posture.decode()}")
            else:
                said.append(f"{request.unchanged.sequence}=")
        return said


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


def test_the_first_check_in_is_a_full_report(device: Device) -> None:
    assert device.check_in().receipt == wire.RECEIPT_STORED
    assert device.sent() == ["1A"]
    assert device.spool.waiting == 0


def test_what_the_collector_holds_is_not_sent_again(device: Device) -> None:
    device.check_in()
    assert device.check_in().receipt == wire.RECEIPT_UNCHANGED
    device.seen = b"B"
    device.check_in()
    assert device.sent() == ["1A", "2=", "3B"]


def test_a_collector_that_lost_the_report_gets_it_again(device: Device) -> None:
    device.check_in()
    device.collector.held_digest = b"something else"
    assert device.check_in().receipt == wire.RECEIPT_STORED
    assert device.sent() == ["1A", "2=", "3A"]


def test_the_spool_is_drained_oldest_first_in_its_own_time(device: Device) -> None:
    device.collector.troubles = [Unreachable("away")] * 3
    for seen in (b"A", b"B", b"A"):
        device.seen = seen
        with pytest.raises(Unreachable):
            device.check_in()
        device.clock.advance(hours=1)
    device.collector.sent.clear()
    device.check_in()
    assert device.sent() == ["1A", "2B", "3A"]
    first = device.collector.sent[0]
    assert isinstance(first, wire.CheckInRequest)
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert first.report.observed_at.ToDatetime(tzinfo=UTC) == noon


def test_an_unsent_report_is_not_kept_twice(device: Device) -> None:
    device.collector.troubles = [Unreachable("away")] * 3
    for _ in range(3):
        with pytest.raises(Unreachable):
            device.check_in()
    assert device.spool.waiting == 1


def test_a_report_whose_receipt_was_lost_is_settled_once(device: Device) -> None:
    device.collector.troubles = [Unreachable("away")]
    with pytest.raises(Unreachable):
        device.check_in()
    device.collector.held_sequence = 1
    device.collector.held_digest = hashlib.sha256(b"A").digest()
    assert device.check_in().receipt == wire.RECEIPT_UNCHANGED
    assert device.sent() == ["1A", "1A", "2="]
    assert device.spool.waiting == 0


def test_a_collector_ahead_of_us_lifts_our_sequence(device: Device) -> None:
    device.collector.held_sequence = 40
    device.collector.held_digest = b"of a later posture"
    assert device.check_in().receipt == wire.RECEIPT_STORED
    assert device.sent() == ["1A", "41=", "42A"]


def test_a_state_set_back_in_time_still_reports(device: Device) -> None:
    device.check_in()
    device.collector.held_sequence = 50
    assert device.check_in().receipt == wire.RECEIPT_STORED
    assert device.sent() == ["1A", "2=", "51A"]


def test_the_sequence_is_on_disk_before_it_is_used(device: Device) -> None:
    device.collector.troubles = [Unreachable("away")]
    with pytest.raises(Unreachable):
        device.check_in()
    assert device.state.read("sequence") == b"1"


def test_a_damaged_sequence_and_progress_heal_themselves(device: Device) -> None:
    for _ in range(3):
        device.check_in()
    device.state.write("sequence", b"garbage")
    device.state.write("progress.json", b"{")
    assert device.check_in().receipt in (wire.RECEIPT_STORED, wire.RECEIPT_UNCHANGED)
    assert record.highest_sequence(device.state) > 3


def test_a_rejected_report_is_put_aside_and_does_not_block(device: Device) -> None:
    device.collector.troubles = [Unreachable("away"), Rejected("too large")]
    with pytest.raises(Unreachable):
        device.check_in()
    device.seen = b"B"
    assert device.check_in().receipt == wire.RECEIPT_STORED
    assert (device.spool.waiting, device.spool.aside) == (0, 1)
    assert device.sent() == ["1A", "1A", "2B"]


def test_a_receipt_we_do_not_know_accepts_nothing(device: Device) -> None:
    device.collector.receipts = [wire.RECEIPT_UNSPECIFIED]
    with pytest.raises(CollectorFailed):
        device.check_in()
    assert device.spool.waiting == 1


def test_a_quarantined_report_is_not_pushed_again_by_itself(device: Device) -> None:
    device.collector.receipts = [wire.RECEIPT_QUARANTINED, wire.RECEIPT_QUARANTINED]
    device.check_in()
    device.check_in()
    assert device.sent() == ["1A", "2="]


def test_the_receipts_hold_the_bytes_that_were_sent(device: Device) -> None:
    device.collector.response.answer.policy_version = 7
    device.collector.response.answer_version = 3
    device.check_in()
    device.collector.troubles = [Unreachable("away")]
    with pytest.raises(Unreachable):
        device.check_in()
    kept = Receipts(device.state.path("receipts")).last(20)
    sent = [request.SerializeToString() for request in reversed(device.collector.sent)]
    assert [receipt.content for receipt in kept] == sent
    assert [receipt.result for receipt in kept] == ["away", "stored"]


def test_only_the_last_twenty_receipts_and_the_report_in_force_are_kept(device: Device) -> None:
    device.check_in()
    device.seen = b"B"
    for _ in range(25):
        device.check_in()
    kept = Receipts.of(device.state).last(100)
    assert len(kept) == 21
    assert [r.posture_digest for r in kept] == [""] * 20 + [hashlib.sha256(b"B").hexdigest()]
    assert kept[0].content == device.collector.sent[-1].SerializeToString()


def test_reports_that_did_not_arrive_never_push_out_the_one_in_force(device: Device) -> None:
    device.check_in()
    device.seen = b"B"
    device.collector.troubles = [Unreachable("away")] * 25
    for _ in range(25):
        with pytest.raises(Unreachable):
            device.check_in()
    held = Receipts.of(device.state).report(hashlib.sha256(b"A").hexdigest())
    assert held is not None
    assert held.result == "stored"


def test_the_last_answer_stays_and_its_version_is_told(device: Device) -> None:
    device.collector.response.answer.policy_version = 7
    device.collector.response.answer_version = 3
    device.check_in()
    device.collector.response.ClearField("answer")
    device.check_in()
    held = record.last_answer(device.state)
    assert held is not None
    assert held.answer.policy_version == 7
    last = device.collector.sent[-1]
    assert isinstance(last, wire.CheckInRequest)
    assert last.answer_version == 3


def test_the_skew_of_the_clocks_is_recorded(device: Device) -> None:
    device.collector.response.collector_time.FromDatetime(device.clock())
    device.clock.advance(seconds=-90)
    device.check_in()
    assert record.load(device.state).collector_ahead_seconds == 90.0


def test_trouble_is_remembered_until_the_next_success(device: Device) -> None:
    device.collector.troubles = [Unreachable("away")]
    with pytest.raises(Unreachable):
        device.check_in()
    assert record.load(device.state).trouble == "away"
    device.check_in()
    assert record.load(device.state).trouble == ""


def big(signal: str, size: int) -> Observation:
    made = Observation(signal=signal)
    made.disk_encryption.volumes.add(name="x" * size)
    return made


def test_equal_posture_gives_equal_bytes() -> None:
    make: Callable[[], bytes] = lambda: posture([big("a", 5)], Inventory(hostname="h"))  # noqa: E731
    assert make() == make()


def test_the_largest_observations_of_a_report_too_large_become_unknown() -> None:
    observations = [big("a", 9000), big("b", 100), big("c", 8000)]
    made = wire.Posture.FromString(posture(observations, Inventory()))
    assert made.ByteSize() <= LARGEST_POSTURE
    outcomes = [observation.WhichOneof("outcome") for observation in made.observations]
    assert outcomes == ["unknown", "disk_encryption", "disk_encryption"]
    assert [observation.signal for observation in made.observations] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "damaged",
    [
        b'{"accepted_digest": "zz"}',
        b'{"accepted_digest": 5}',
        b'{"checked_in_at": "yesterday"}',
        b'{"collector_ahead_seconds": "x"}',
        b'{"next_check_in_seconds": "x"}',
        b'{"trouble": {}}',
        b"[]",
    ],
)
def test_damaged_progress_is_no_progress(device: Device, damaged: bytes) -> None:
    device.state.write(record.FILE, damaged)
    assert record.load(device.state) == record.Progress()
    assert device.check_in().receipt == wire.RECEIPT_STORED


@pytest.mark.parametrize("absurd", [b"18446744073709551615", b"9" * 30])
def test_a_sequence_that_cannot_be_is_a_lost_one(device: Device, absurd: bytes) -> None:
    device.state.write(record.SEQUENCE, absurd)
    device.check_in()
    assert device.sent() == ["1A"]


def test_a_collector_cannot_use_up_all_sequence_numbers(device: Device) -> None:
    device.check_in()
    record.lift_sequence(device.state, (1 << 64) - 1)
    device.check_in()
    assert device.sent() == ["1A", "2="]


@pytest.mark.parametrize("where", ["collector_time", "answer", "commands"])
def test_a_time_that_no_calendar_has_is_the_collectors_error(device: Device, where: str) -> None:
    device.collector.response.answer.policy_version = 1
    times = {
        "collector_time": device.collector.response.collector_time,
        "answer": device.collector.response.answer.findings.add().since,
        "commands": device.collector.response.commands.add(id="1").expires_at,
    }
    times[where].seconds = 1 << 60
    with pytest.raises(CollectorFailed, match="a time out of range"):
        device.check_in()
    device.state.write(record.ANSWER, device.collector.response.SerializeToString())
    assert record.last_answer(device.state) is None
