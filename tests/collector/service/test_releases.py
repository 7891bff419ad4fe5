"""A check-in over the wire is answered with the release that the device may take, and no more."""

import pytest

from collector import releasing
from collector.store import devices, releases
from collector.store.releases import Release
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.device_pb2 import Inventory, Platform
from tests.collector.service.edge_desk import EdgeDesk
from tests.collector.service.test_check_in import report

WINDOWS = wire.Posture(inventory=Inventory(platform=Platform.PLATFORM_WINDOWS, hostname="w"))


def made(desk: EdgeDesk, version: str = "1.1.0") -> None:
    desk.store.write(lambda c: releasing.add(c, version, "admin", desk.clock()))
    desk.store.write(lambda c: releases.widen(c, version, 100))


def one(desk: EdgeDesk, version: str = "1.1.0") -> Release:
    found = desk.store.read(lambda c: releases.get(c, version))
    assert found is not None
    return found


def said(sequence: int, outcome: int, version: str = "1.1.0") -> wire.CheckInRequest:
    request = report(sequence, WINDOWS.SerializeToString())
    request.update_report.version = version
    request.update_report.outcome = wire.UpdateOutcome.ValueType(outcome)
    request.update_report.because = "it did\x1b[31m not check in" + "x" * 300
    return request


async def windows(desk: EdgeDesk) -> wire.EnrollResponse:
    """A device that the collector knows to have Windows."""
    enrolled = await desk.enroll()
    await desk.check_in(report(1, WINDOWS.SerializeToString()), enrolled.certificate_pem)
    desk.clock.advance(minutes=1)
    return enrolled


async def test_a_device_is_told_a_version_and_no_other_word(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    first = await desk.check_in(report(1, WINDOWS.SerializeToString()), enrolled.certificate_pem)
    assert not first.HasField("may_install")
    made(desk)
    desk.clock.advance(minutes=1)

    second = await desk.check_in(report(2, WINDOWS.SerializeToString()), enrolled.certificate_pem)

    assert second.may_install == "1.1.0"


async def test_a_failing_release_is_halted_in_the_answer_to_whoever_tells(desk: EdgeDesk) -> None:
    enrolled = await windows(desk)
    made(desk)
    pem = enrolled.certificate_pem
    begun = await desk.check_in(said(11, wire.UPDATE_OUTCOME_BEGUN), pem)
    desk.clock.advance(minutes=1)
    assert (one(desk).begun, begun.receipt) == (1, wire.RECEIPT_UNCHANGED)

    after = await desk.check_in(said(12, wire.UPDATE_OUTCOME_ROLLED_BACK), pem)

    assert not after.HasField("may_install")
    assert one(desk).state == "halted"
    (update,) = desk.store.read(lambda c: releases.failing(c, "1.1.0"))
    assert update.because.startswith("it did [31m not check in")
    assert len(update.because) <= 200


async def test_an_outcome_of_a_newer_agent_is_a_failure_and_a_foreign_version_is_nothing(
    desk: EdgeDesk,
) -> None:
    enrolled = await windows(desk)
    made(desk)
    await desk.check_in(said(11, 99), enrolled.certificate_pem)
    desk.clock.advance(minutes=1)
    await desk.check_in(said(12, wire.UPDATE_OUTCOME_BEGUN, "6.6.6"), enrolled.certificate_pem)

    assert one(desk).failing == 1
    assert [each.version for each in desk.store.read(releases.newest)] == ["1.1.0"]


@pytest.mark.parametrize("why", ["outside the ring", "another system"])
async def test_a_device_that_may_not_take_a_release_cannot_halt_it(
    desk: EdgeDesk, why: str
) -> None:
    enrolled = await (desk.enroll() if why == "another system" else windows(desk))
    made(desk)
    request = said(11, wire.UPDATE_OUTCOME_ROLLED_BACK)
    if why == "outside the ring":
        desk.store.write(lambda c: releases.widen(c, "1.1.0", 0))

    await desk.check_in(request, enrolled.certificate_pem)

    assert (one(desk).begun, one(desk).failing, one(desk).state) == (0, 0, "open")


async def test_a_device_in_quarantine_is_offered_nothing_and_not_believed(desk: EdgeDesk) -> None:
    enrolled = await windows(desk)
    made(desk)
    because = "a copy"
    desk.store.write(lambda c: devices.quarantine(c, enrolled.device_id, because, desk.clock()))

    answer = await desk.check_in(said(11, wire.UPDATE_OUTCOME_BEGUN), enrolled.certificate_pem)

    assert not answer.HasField("may_install")
    assert one(desk).begun == 0
