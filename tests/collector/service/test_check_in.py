"""Over the wire: who may check in, what a check-in is answered, and what no request can do."""

import contextlib
import hashlib
from datetime import timedelta

import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from collector.identity.authority import found, new_key
from collector.policy import RULES
from collector.service.edge import Refused, parse
from collector.service.wire import delivery
from collector.store import certificates, devices, reports
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.device_pb2 import Inventory
from tests.collector.identity.requests import signing_request
from tests.collector.service.edge_desk import EdgeDesk

POSTURE = wire.Posture(inventory=Inventory(hostname="alice-laptop")).SerializeToString()
CHECK_IN = "PostureService/CheckIn"
RENEW = "PostureService/RenewCertificate"
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
PERMISSION_DENIED = grpc.StatusCode.PERMISSION_DENIED


def report(sequence: int = 1, posture: bytes = POSTURE) -> wire.CheckInRequest:
    request = wire.CheckInRequest()
    request.report.sequence = sequence
    request.report.observed_at.FromJsonString("2026-11-22T12:00:00Z")
    request.report.posture = posture
    return request


def unchanged(sequence: int) -> wire.CheckInRequest:
    request = wire.CheckInRequest()
    request.unchanged.sequence = sequence
    request.unchanged.observed_at.FromJsonString("2026-11-22T13:00:00Z")
    request.unchanged.digest = hashlib.sha256(POSTURE).digest()
    return request


async def test_an_enrolled_device_reports_and_is_answered(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    answer = await desk.check_in(report(), enrolled.certificate_pem)
    assert answer.receipt == wire.RECEIPT_STORED
    assert answer.accepted_sequence == 1
    assert answer.answer.compliance == wire.COMPLIANCE_UNKNOWN
    assert {one.rule_id for one in answer.answer.findings} == {rule.id for rule in RULES}
    assert len(answer.commands) == 0
    held = desk.store.read(lambda c: reports.current(c, enrolled.device_id))
    assert held is not None
    assert held.posture == POSTURE


async def test_an_answer_that_the_agent_holds_is_not_sent_again(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    first = await desk.check_in(report(), enrolled.certificate_pem)
    request = unchanged(2)
    request.answer_version = first.answer_version
    second = await desk.check_in(request, enrolled.certificate_pem)
    assert second.receipt == wire.RECEIPT_UNCHANGED
    assert not second.HasField("answer")
    assert second.answer_version == first.answer_version


async def test_the_fleet_is_spread_by_a_tenth_around_the_interval(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    asked = [unchanged(n) for n in range(1, 9)]
    answers = [await desk.check_in(one, enrolled.certificate_pem) for one in asked]
    seconds = [one.next_check_in_seconds for one in answers]
    assert all(3240 <= one <= 3960 for one in seconds)
    assert len(set(seconds)) > 4


async def refusal(desk: EdgeDesk, certificate: bytes, **how: object) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.call(CHECK_IN, report().SerializeToString(), certificate, **how)  # type: ignore[arg-type]
    return caught.value


async def test_without_a_client_certificate_the_handshake_fails(desk: EdgeDesk) -> None:
    assert (await refusal(desk, b"")).code() is grpc.StatusCode.UNAVAILABLE


async def test_a_certificate_of_another_authority_fails_the_handshake(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    other = found(new_key(), "Muster", desk.clock())
    signed = other.sign_device(desk.key.public_key(), enrolled.device_id, desk.clock())
    assert (await refusal(desk, signed.pem)).code() is grpc.StatusCode.UNAVAILABLE


async def test_a_self_signed_certificate_fails_the_handshake(desk: EdgeDesk) -> None:
    alone = found(desk.key, "Muster", desk.clock())
    assert (await refusal(desk, alone.pem)).code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("days", [-91, 1], ids=["ended", "not yet valid"])
async def test_a_certificate_outside_its_time_fails_the_handshake(
    desk: EdgeDesk, days: int
) -> None:
    then = desk.clock() + timedelta(days=days)
    signed = desk.authority.sign_device(desk.key.public_key(), "some-device", then)
    assert (await refusal(desk, signed.pem)).code() is grpc.StatusCode.UNAVAILABLE


async def test_a_server_certificate_does_not_pass_for_a_device(desk: EdgeDesk) -> None:
    signed = desk.authority.sign_server(desk.key.public_key(), ["localhost"], desk.clock())
    pem = signed.public_bytes(Encoding.PEM)
    assert (await refusal(desk, pem)).code() is grpc.StatusCode.UNAVAILABLE


async def test_a_serial_that_was_never_recorded_is_refused(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    signed = desk.authority.sign_device(desk.key.public_key(), enrolled.device_id, desk.clock())
    error = await refusal(desk, signed.pem)
    assert error.code() is UNAUTHENTICATED
    assert error.details() == (
        "this certificate is not known to this collector: enroll the device again"
    )


async def test_a_revoked_certificate_is_refused_at_the_next_call(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    desk.store.write(lambda c: certificates.revoke_all(c, enrolled.device_id, desk.clock(), "lost"))
    error = await refusal(desk, enrolled.certificate_pem)
    assert error.code() is PERMISSION_DENIED
    assert "was revoked" in str(error.details())


async def test_a_certificate_that_ends_during_a_connection_is_refused(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    desk.clock.advance(days=90, seconds=1)
    error = await refusal(desk, enrolled.certificate_pem)
    assert error.code() is UNAUTHENTICATED
    assert "has ended" in str(error.details())


async def test_a_retired_device_is_refused(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    desk.store.write(lambda c: devices.retire(c, enrolled.device_id, desk.clock()))
    error = await refusal(desk, enrolled.certificate_pem)
    assert error.code() is PERMISSION_DENIED
    assert "was retired" in str(error.details())


def without(field: str) -> bytes:
    request = report()
    request.report.ClearField(field)  # type: ignore[arg-type]
    return request.SerializeToString()


def out_of_time() -> bytes:
    request = report()
    request.report.observed_at.seconds = 2**62
    return request.SerializeToString()


@pytest.mark.parametrize(
    ("request_bytes", "said"),
    [
        (b"", "body: is not set"),
        (b"\xff\xff\xff", "is not a CheckInRequest message"),
        (b"\x08\x01", "body: is not set"),
        (b"\x0a\x04\x1a\x02\xff\xfe", "report.sequence: is not set"),
        (without("sequence"), "report.sequence: is not set"),
        (without("observed_at"), "report.observed_at: is not set"),
        (without("posture"), "report.posture: is not set"),
        (out_of_time(), "report.observed_at: is not a time"),
        (report(0).SerializeToString(), "sequence: must be from 1"),
        (report(2**63).SerializeToString(), "sequence: must be from 1"),
        (report(1, b"").SerializeToString(), "report.posture: is empty"),
        (report(1, b"\xff").SerializeToString(), "report.posture: is not a serialised Posture"),
        (b"\x12\x0a\x08\x01\x12\x00\x1a\x04abcd", "unchanged.digest: must hold 32 bytes"),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused_with_the_field(
    desk: EdgeDesk, request_bytes: bytes, said: str
) -> None:
    enrolled = await desk.enroll()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.call(CHECK_IN, request_bytes, enrolled.certificate_pem)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert said in str(caught.value.details())


@given(st.binary(max_size=200))
def test_no_bytes_make_the_edge_stumble(request: bytes) -> None:
    with contextlib.suppress(Refused):
        read = delivery(parse(wire.CheckInRequest, request))
        assert read.posture is not None or read.digest is not None


async def test_a_message_beyond_the_limit_is_refused_before_it_is_read(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.call(CHECK_IN, b"x" * (256 * 1024 + 1), enrolled.certificate_pem)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_device_cannot_call_without_pause_whatever_certificates_it_has(
    desk: EdgeDesk,
) -> None:
    enrolled = await desk.enroll()
    request = wire.RenewCertificateRequest(csr=signing_request(desk.key)).SerializeToString()
    while True:
        try:
            said = await desk.call(RENEW, request, enrolled.certificate_pem)
        except grpc.aio.AioRpcError:
            break
        renewed = wire.RenewCertificateResponse.FromString(said).certificate_pem
    error = await refusal(desk, renewed)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    trailing = error.trailing_metadata()
    assert trailing is not None
    assert trailing.get("retry-after") == "1"


async def test_a_device_that_changes_all_the_time_fills_no_disk(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    for sequence in range(1, 6):
        await desk.check_in(report(sequence), enrolled.certificate_pem)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.check_in(report(6), enrolled.certificate_pem)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    answer = await desk.check_in(unchanged(7), enrolled.certificate_pem)
    assert answer.receipt == wire.RECEIPT_UNCHANGED


def serial_of(pem: bytes) -> str:
    return f"{x509.load_pem_x509_certificate(pem).serial_number:x}"


async def test_a_renewed_device_can_use_both_certificates(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    fresh = new_key()
    request = wire.RenewCertificateRequest(csr=signing_request(fresh)).SerializeToString()
    said = await desk.call(RENEW, request, enrolled.certificate_pem)
    renewed = wire.RenewCertificateResponse.FromString(said)
    assert serial_of(renewed.certificate_pem) != serial_of(enrolled.certificate_pem)
    await desk.check_in(report(1), enrolled.certificate_pem)
    answer = await desk.call(
        CHECK_IN, unchanged(2).SerializeToString(), renewed.certificate_pem, fresh
    )
    assert wire.CheckInResponse.FromString(answer).receipt == wire.RECEIPT_UNCHANGED


async def test_a_renewal_with_a_bad_request_says_why(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    request = wire.RenewCertificateRequest(csr=b"garbage").SerializeToString()
    with pytest.raises(grpc.aio.AioRpcError, match="csr: is not a readable"):
        await desk.call(RENEW, request, enrolled.certificate_pem)


async def test_a_quarantined_device_is_kept_aside(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    desk.store.write(lambda c: devices.quarantine(c, enrolled.device_id, "disputed", desk.clock()))
    answer = await desk.check_in(report(), enrolled.certificate_pem)
    assert answer.receipt == wire.RECEIPT_QUARANTINED
    assert len(answer.answer.findings) == 0


async def test_an_idle_peer_learns_nothing_from_an_unknown_method(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.call("PostureService/Enroll", b"", enrolled.certificate_pem)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_an_answer_says_everything_in_every_language_and_how_notices_are_shown(
    desk: EdgeDesk,
) -> None:
    enrolled = await desk.enroll()
    answer = (await desk.check_in(report(), enrolled.certificate_pem)).answer
    assert answer.findings
    for finding in answer.findings:
        said = {each.language: each for each in finding.words}
        assert set(said) == {"en", "fr"}
        assert said["en"].title == finding.title != said["fr"].title
        assert said["en"].because == finding.because
        assert said["en"].remediation == finding.remediation
        assert bool(said["fr"].remediation) == bool(finding.remediation)
    assert (answer.notices.on_device, answer.notices.quiet_from_hour) == (True, 20)
