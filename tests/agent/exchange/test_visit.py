from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import identity
from agent.config import Config
from agent.exchange.ledger import MOST, Ledger
from agent.exchange.orders import MOST_LOCKS, Done
from agent.exchange.renewal import due_at
from agent.exchange.report import Observed
from agent.exchange.transport import Credentials, Transport
from agent.exchange.troubles import Unreachable
from agent.exchange.visit import MOST_CHECK_INS, Visit
from agent.identity import Validity
from agent.state import State
from agent.update import record as updates
from agent.update.record import Update
from protos.posture.v1 import posture_service_pb2 as wire
from tests.agent.certificates import TestAuthority
from tests.fakes import FakeTransport, FixedClock


class Device:
    """An enrolled device whose certificate was made at the fixed clock's start."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock()
        self.authority = TestAuthority(self.clock())
        self.state = State.open(folder)
        key = identity.new_key()
        config = Config("Example", "d-1", "collector.example:7844", "collector.example:7843")
        self.state.write("agent.toml", config.to_toml())
        self.state.write("key.pem", key)
        self.state.write("certificate.pem", self.authority.device(identity.signing_request(key)))
        self.state.write("authority.pem", self.authority.pem)
        self.collector = FakeTransport()
        self.said: list[str] = []
        self.locked = 0
        self.offers: list[str] = []
        self.observed = 0

    def connect(self, address: str, credentials: Credentials) -> Transport:
        assert address == "collector.example:7843"
        assert credentials.key == self.state.read("key.pem")
        return self.collector

    def observe(self) -> Observed:
        self.observed += 1
        return Observed(b"A", self.clock())

    def visit(self, *, called: bool = False) -> wire.CheckInResponse:
        return Visit(
            self.state,
            self.connect,
            self.observe,
            self.clock,
            lambda sentence, **fields: self.said.append(sentence),
            self.lock,
            offered=self.hear,
        ).run(called=called)

    def hear(self, version: str) -> bool:
        """Takes a release at its first offer, as far as there is something to tell."""
        self.offers.append(version)
        if version and len(self.offers) == 1:
            ready = Update().saying(wire.UPDATE_OUTCOME_BEGUN, version)
            updates.save(self.state, ready)
            return True
        return False

    def lock(self) -> Done:
        self.locked += 1
        return Done(wire.COMMAND_OUTCOME_DONE, "seen")

    def ask(self, action: wire.Action.ValueType, command_id: str = "c1", **left: float) -> None:
        command = self.collector.response.commands.add(id=command_id, action=action)
        command.expires_at.FromDatetime(self.clock() + timedelta(**left))


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


def reports(device: Device) -> list[tuple[str, int]]:
    """What the check-ins told of commands, in their order."""
    return [
        (each.id, each.outcome)
        for request in device.collector.sent
        if isinstance(request, wire.CheckInRequest)
        for each in request.command_reports
    ]


def test_check_now_is_done_once_per_command_and_told_at_once(device: Device) -> None:
    device.ask(wire.ACTION_CHECK_NOW, hours=1)
    device.visit()
    assert len(device.collector.sent) == 2
    assert reports(device) == [("c1", wire.COMMAND_OUTCOME_DONE)]
    device.visit()
    assert len(device.collector.sent) == 3
    assert len(reports(device)) == 1
    assert device.collector.closed


def test_a_visit_that_was_called_for_observes_once_and_tells_at_once(device: Device) -> None:
    device.ask(wire.ACTION_CHECK_NOW, hours=1)
    device.visit(called=True)
    assert device.observed == 1
    assert reports(device) == [("c1", wire.COMMAND_OUTCOME_DONE)]
    device.ask(wire.ACTION_CHECK_NOW, "c2", hours=1)
    device.visit()
    assert device.observed == 3


def test_an_expired_command_is_not_done_and_said_to_be_late(device: Device) -> None:
    device.ask(wire.ACTION_LOCK_SCREEN, hours=-1)
    device.visit()
    assert device.locked == 0
    assert reports(device) == [("c1", wire.COMMAND_OUTCOME_EXPIRED)]


def test_a_command_without_id_or_expiry_is_dropped(device: Device) -> None:
    device.collector.response.commands.add(id="c", action=wire.ACTION_CHECK_NOW)
    device.ask(wire.ACTION_CHECK_NOW, command_id="", hours=1)
    device.visit()
    assert len(device.collector.sent) == 1


def test_the_screen_is_locked_once_however_often_the_command_comes(device: Device) -> None:
    device.ask(wire.ACTION_LOCK_SCREEN, hours=1)
    device.ask(wire.ACTION_LOCK_SCREEN, hours=1)
    device.visit()
    device.visit()
    assert device.locked == 1
    assert reports(device) == [("c1", wire.COMMAND_OUTCOME_DONE)]


def test_what_became_of_a_command_is_told_until_an_answer_comes(device: Device) -> None:
    device.ask(wire.ACTION_LOCK_SCREEN, hours=1)
    original = device.lock

    def lock_and_lose_the_line() -> Done:
        device.collector.troubles = [Unreachable("away")]
        return original()

    device.lock = lock_and_lose_the_line  # type: ignore[method-assign]
    with pytest.raises(Unreachable):
        device.visit()
    device.visit()
    assert device.locked == 1
    assert reports(device) == [("c1", wire.COMMAND_OUTCOME_DONE)] * 2


def test_a_command_that_a_crash_interrupted_is_not_done_again(device: Device) -> None:
    device.ask(wire.ACTION_LOCK_SCREEN, hours=1)

    def crash() -> Done:
        raise KeyboardInterrupt

    whole, device.lock = device.lock, crash  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        device.visit()
    device.lock = whole  # type: ignore[method-assign]
    device.visit()
    assert device.locked == 0
    assert reports(device) == [("c1", wire.COMMAND_OUTCOME_FAILED)]


EVERY_OTHER_NUMBER = [0, *range(3, 30), -1, 2**31 - 1, -(2**31)]


def test_no_other_number_is_done(device: Device) -> None:
    for number in EVERY_OTHER_NUMBER:
        device.ask(wire.Action.ValueType(number), f"c{number}", hours=1)
    device.visit()
    device.visit()
    done = {outcome for _, outcome in reports(device)}
    assert (done, device.locked) == ({wire.COMMAND_OUTCOME_NOT_POSSIBLE}, 0)
    assert {name for name, _ in reports(device)} == {f"c{each}" for each in EVERY_OTHER_NUMBER}


@pytest.mark.parametrize("action", [wire.ACTION_UNSPECIFIED, 99])
def test_what_is_not_on_the_list_is_not_done(device: Device, action: wire.Action.ValueType) -> None:
    device.ask(action, hours=1)
    device.visit()
    assert reports(device) == [("c1", wire.COMMAND_OUTCOME_NOT_POSSIBLE)]
    assert device.locked == 0


def test_a_ledger_of_commands_in_force_that_is_full_does_no_more(device: Device) -> None:
    for number in range(10_000):
        device.ask(wire.ACTION_CHECK_NOW, f"c{number}", hours=1)
    device.visit()
    device.visit()
    assert Ledger(device.state).ids() == {f"c{number}" for number in range(MOST)}
    device.clock.advance(hours=1)
    device.collector.response.ClearField("commands")
    device.ask(wire.ACTION_LOCK_SCREEN, "new", hours=1)
    device.visit()
    assert device.locked == 1


def test_nobody_is_kept_from_working_by_a_screen_that_is_locked_again_and_again(
    device: Device,
) -> None:
    for number in range(MOST_LOCKS + 4):
        device.collector.response.ClearField("commands")
        device.ask(wire.ACTION_LOCK_SCREEN, f"c{number}", seconds=1)
        device.visit()
        device.clock.advance(seconds=30)
    assert device.locked == MOST_LOCKS
    assert reports(device)[-1] == (f"c{MOST_LOCKS + 3}", wire.COMMAND_OUTCOME_NOT_POSSIBLE)
    device.clock.advance(hours=1)
    device.ask(wire.ACTION_LOCK_SCREEN, "later", seconds=1)
    device.visit()
    assert device.locked == MOST_LOCKS + 1
    device.clock.advance(days=-400)
    device.ask(wire.ACTION_LOCK_SCREEN, "clock set back", seconds=1)
    device.visit()
    assert device.locked == MOST_LOCKS + 2


@pytest.mark.parametrize("seconds", [10**9, 253_402_300_799])
def test_a_command_that_does_not_end_in_sight_fills_no_ledger(device: Device, seconds: int) -> None:
    command = device.collector.response.commands.add(id="c", action=wire.ACTION_LOCK_SCREEN)
    command.expires_at.seconds = min(int(device.clock().timestamp()) + seconds, 253_402_300_799)
    device.visit()
    assert (device.locked, Ledger(device.state).ids()) == (0, frozenset())


def test_an_id_of_a_megabyte_is_not_kept(device: Device) -> None:
    device.ask(wire.ACTION_LOCK_SCREEN, "x" * (1 << 20), hours=1)
    device.visit()
    assert (device.locked, Ledger(device.state).ids()) == (0, frozenset())


def test_a_request_stays_small_whatever_there_is_to_tell(device: Device) -> None:
    def wordy() -> Done:
        return Done(wire.COMMAND_OUTCOME_FAILED, "x" * 10_000)

    device.lock = wordy  # type: ignore[method-assign]
    for number in range(60):
        action = wire.ACTION_CHECK_NOW if number else wire.ACTION_LOCK_SCREEN
        device.ask(action, f"c{number}", hours=1)
    device.visit()
    assert max(request.ByteSize() for request in device.collector.sent) < 16_000
    device.visit()
    device.visit()
    assert sorted(reports(device)) == sorted(
        (f"c{n}", wire.COMMAND_OUTCOME_DONE if n else wire.COMMAND_OUTCOME_FAILED)
        for n in range(60)
    )
    (told,) = [
        each
        for request in device.collector.sent
        if isinstance(request, wire.CheckInRequest)
        for each in request.command_reports
        if each.id == "c0"
    ]
    assert told.because == "x" * 200


def test_a_flood_of_commands_does_not_keep_the_agent_busy(device: Device) -> None:
    original = device.collector.check_in

    def flood(request: wire.CheckInRequest) -> wire.CheckInResponse:
        device.collector.response.ClearField("commands")
        device.ask(wire.ACTION_CHECK_NOW, f"c{len(device.collector.sent)}", hours=1)
        return original(request)

    device.collector.check_in = flood  # type: ignore[method-assign]
    device.visit()
    assert len(device.collector.sent) == MOST_CHECK_INS


def test_renewal_is_due_at_half_life_give_or_take_a_tenth() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    life = Validity(start, start + timedelta(days=90), 5)
    dates = {due_at(life, f"device {n}") for n in range(200)}
    assert len(dates) == 200
    assert all(40.5 <= (at - start) / timedelta(days=1) <= 49.5 for at in dates)
    assert due_at(life, "device 1") == due_at(life, "device 1")


def _answer_renewals(device: Device, authority: TestAuthority) -> None:
    original = device.collector.renew

    def renew(request: wire.RenewCertificateRequest) -> wire.RenewCertificateResponse:
        device.collector.certificate = authority.device(request.csr)
        return original(request)

    device.collector.renew = renew  # type: ignore[method-assign]


def test_the_certificate_is_renewed_with_a_new_key_when_it_is_time(device: Device) -> None:
    before = identity.load(device.state)
    _answer_renewals(device, device.authority)
    device.clock.advance(days=40)
    device.visit()
    assert identity.load(device.state) == before
    device.clock.advance(days=10)
    device.visit()
    after = identity.load(device.state)
    identity.check(after)
    assert after.key != before.key
    assert after.certificate != before.certificate
    assert "renewed the certificate" in device.said


def test_a_release_that_takes_too_long_does_not_keep_the_certificate_from_renewal(
    device: Device,
) -> None:
    """A watch ends a visit that fetches for too long, and the next one fetches anew."""

    class TooLong(BaseException):
        """The watch ends the process here."""

    def hear(version: str) -> bool:
        raise TooLong

    device.hear = hear  # type: ignore[method-assign]
    _answer_renewals(device, device.authority)
    before = identity.load(device.state)
    with pytest.raises(TooLong):
        device.visit()
    device.clock.advance(days=50)
    device.visit()
    assert identity.load(device.state).key != before.key


def test_a_certificate_of_another_authority_is_not_taken(device: Device) -> None:
    before = identity.load(device.state)
    _answer_renewals(device, TestAuthority(device.clock()))
    device.clock.advance(days=50)
    device.visit()
    assert identity.load(device.state) == before
    assert "renewing the certificate did not succeed" in device.said


def test_a_failing_renewal_does_not_spoil_the_check_in(device: Device) -> None:
    before = identity.load(device.state)
    device.clock.advance(days=50)
    original = device.collector.renew

    def renew(request: wire.RenewCertificateRequest) -> wire.RenewCertificateResponse:
        device.collector.troubles = [Unreachable("away")]
        return original(request)

    device.collector.renew = renew  # type: ignore[method-assign]
    assert device.visit().receipt == wire.RECEIPT_STORED
    assert identity.load(device.state) == before


def test_a_release_that_begins_is_told_within_the_visit_and_then_heard_of_again(
    device: Device,
) -> None:
    device.collector.response.may_install = "1.1.0"

    device.visit()

    told = [r.update_report for r in device.collector.sent if isinstance(r, wire.CheckInRequest)]
    assert device.offers == ["1.1.0", "1.1.0"]
    assert [(each.version, each.outcome) for each in told][-1] == (
        "1.1.0",
        wire.UPDATE_OUTCOME_BEGUN,
    )
    assert updates.load(device.state).told() is None


def test_without_a_release_there_is_one_check_in(device: Device) -> None:
    device.visit()

    assert device.offers == [""]
