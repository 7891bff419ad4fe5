"""What happens at the gRPC edge is in the audit log; what cannot be written is not done (T59)."""

import hashlib
import shutil
from pathlib import Path

import grpc
import grpc.aio
import pytest
from cryptography import x509

from collector.audit.entry import Action, Actor, ActorKind, Entry, Outcome
from collector.identity.authority import serial_text
from collector.service.noting import SINGLY, Flood
from collector.store import certificates, events
from protos.posture.v1 import posture_service_pb2 as wire
from tests.collector.desk import GOOD
from tests.collector.identity.requests import signing_request
from tests.collector.service.edge_desk import EdgeDesk
from tests.fakes import FixedClock


def told(desk: EdgeDesk, action: str) -> list[dict[str, object]]:
    return [record for record in desk.audited() if record["action"] == action]


def unwritable(desk: EdgeDesk) -> Path:
    """The log's folder becomes a file: nobody can write there, not even root."""
    folder = desk.store.path.parent / "audit"
    if folder.exists():
        shutil.rmtree(folder)
    folder.write_text("")
    return folder


def report(desk: EdgeDesk, sequence: int, posture: bytes = GOOD) -> wire.CheckInRequest:
    sent = wire.Report(sequence=sequence, posture=posture)
    sent.observed_at.FromDatetime(desk.clock())
    return wire.CheckInRequest(report=sent)


async def refused(desk: EdgeDesk, certificate: bytes) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.check_in(report(desk, 9), certificate)
    return caught.value


async def test_an_enrollment_is_written_down_with_its_token_and_its_certificate(
    desk: EdgeDesk,
) -> None:
    enrolled = await desk.enroll()
    (admitted,), (issued,) = told(desk, "device.enrolled"), told(desk, "certificate.issued")
    serial = serial_text(x509.load_pem_x509_certificate(enrolled.certificate_pem))
    assert (admitted["actor"], admitted["from"]) == ("enrollment", "127.0.0.1")
    assert admitted["on"] == issued["on"] == f"device:{enrolled.device_id}"
    assert admitted["detail"] == {"host name": "alice-laptop"}
    assert issued["detail"] == {"serial": serial}


async def test_no_device_is_enrolled_that_cannot_be_written_down(desk: EdgeDesk) -> None:
    token = desk.token()
    folder = unwritable(desk)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.enroll(token=token)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "audit log" in str(caught.value.details())
    assert ("retry-after", "60") in tuple(caught.value.trailing_metadata() or ())
    assert desk.store.read(lambda c: events.recent(c, 10)) == []
    folder.unlink()
    assert (await desk.enroll(token=token)).device_id


async def test_check_ins_go_on_when_nothing_can_be_written_down(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    unwritable(desk)
    answer = await desk.check_in(report(desk, 1), enrolled.certificate_pem)
    assert answer.receipt == wire.RECEIPT_STORED


async def test_a_check_in_writes_no_record(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    before = len(desk.audited())
    await desk.check_in(report(desk, 1), enrolled.certificate_pem)
    same = wire.Unchanged(sequence=2, digest=hashlib.sha256(GOOD).digest())
    same.observed_at.FromDatetime(desk.clock())
    await desk.check_in(wire.CheckInRequest(unchanged=same), enrolled.certificate_pem)
    assert len(desk.audited()) == before


async def test_a_refused_token_is_written_down_without_the_token(desk: EdgeDesk) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await desk.enroll(token="canary-canary-canary")
    (record,) = told(desk, "device.enrolled")
    assert (record["actor"], record["name"], record["outcome"]) == ("nobody", "", "denied")
    assert "canary" not in str(desk.audited())


async def test_a_revoked_certificate_is_written_down_once_an_hour(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    at = desk.clock()
    desk.store.write(lambda c: certificates.revoke_all(c, enrolled.device_id, at, "lost"))
    for _ in range(3):
        await refused(desk, enrolled.certificate_pem)
    desk.clock.advance(hours=1)
    await refused(desk, enrolled.certificate_pem)
    records = told(desk, "device.anomaly")
    assert [record["detail"]["kind"] for record in records] == ["revoked certificate"] * 2  # type: ignore[index]
    assert {record["actor"] for record in records} == {"device"}
    assert {record["name"] for record in records} == {enrolled.device_id}


async def test_a_certificate_that_has_ended_is_written_down_with_its_device(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    desk.clock.advance(days=90, seconds=1)
    for _ in range(3):
        await refused(desk, enrolled.certificate_pem)
        desk.clock.advance(hours=1)
    records = told(desk, "device.anomaly")
    assert [record["detail"]["kind"] for record in records] == ["ended certificate"] * 3  # type: ignore[index]
    assert {record["name"] for record in records} == {enrolled.device_id}


async def test_a_certificate_of_ours_that_is_not_known_is_written_down(desk: EdgeDesk) -> None:
    stray = desk.authority.sign_device(desk.key.public_key(), "d-unknown", desk.clock())
    await refused(desk, stray.pem)
    (record,) = told(desk, "device.anomaly")
    assert record["detail"]["kind"] == "unknown certificate"  # type: ignore[index]


async def test_one_number_with_two_contents_is_written_down(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    await desk.check_in(report(desk, 1), enrolled.certificate_pem)
    other = wire.Posture(agent_version="9").SerializeToString()
    await desk.check_in(report(desk, 1, other), enrolled.certificate_pem)
    (record,) = told(desk, "device.anomaly")
    assert record["detail"]["kind"] == "sequence clash"  # type: ignore[index]
    assert record["on"] == f"device:{enrolled.device_id}"


async def test_a_renewal_is_written_down_before_it_is_done(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    asked = wire.RenewCertificateRequest(csr=signing_request(desk.key)).SerializeToString()
    method = "PostureService/RenewCertificate"
    await desk.call(method, asked, enrolled.certificate_pem)
    renewed = told(desk, "certificate.issued")[-1]
    assert (renewed["actor"], renewed["name"]) == ("device", enrolled.device_id)
    unwritable(desk)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.call(method, asked, enrolled.certificate_pem)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_flood_of_strangers_is_written_in_sums() -> None:
    clock, flood = FixedClock(), Flood()
    stranger = Entry(
        Action.DEVICE_ENROLLED, Actor(ActorKind.NOBODY, "", "192.0.2.7"), Outcome.DENIED
    )
    passed = [each for _ in range(1_000) for each in flood.pass_on(stranger, clock())]
    sums = [int(each.detail["times"]) for each in passed if each.detail]
    assert len(passed) - len(sums) == SINGLY
    clock.advance(minutes=1)
    sums += [int(each.detail["times"]) for each in flood.pass_on(stranger, clock()) if each.detail]
    assert sum(sums) == 1_000 - SINGLY
    assert len(sums) < 12
