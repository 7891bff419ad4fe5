"""Enrollment and check-in against a real gRPC server over real TLS, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from agent import identity
from agent.clock import system_clock
from agent.config import Config, load
from agent.exchange import contact
from agent.exchange.contact import NotTrusted
from agent.exchange.enrollment import BadString, Enrollment, Invitation, decode
from agent.exchange.orders import Done
from agent.exchange.receipt import Receipts
from agent.exchange.report import Observed
from agent.exchange.transport import Credentials, GrpcTransport
from agent.exchange.troubles import Busy, Refused, TransportError, Unreachable
from agent.exchange.visit import Visit
from agent.state import State
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1 import posture_service_pb2_grpc as services
from protos.posture.v1.device_pb2 import Inventory
from tests.agent.certificates import TestAuthority
from tests.fakes import enrollment_text

if TYPE_CHECKING:
    from grpc.aio import ServicerContext as Context  # generic for the checker alone

TOKEN = "token-words"


@dataclass
class Collector(services.EnrollmentServiceServicer, services.PostureServiceServicer):
    """A server that answers as the contract says; `refusal` is raised instead when set."""

    authority: TestAuthority = field(default_factory=TestAuthority)
    refusal: tuple[grpc.StatusCode, str] | None = None
    retry_after: str = ""
    foreign: TestAuthority | None = None
    received: list[bytes] = field(default_factory=list)
    address: str = ""
    check_in_address: str = ""

    async def Enroll(  # noqa: N802 - the contract's name
        self, request: wire.EnrollRequest, context: Context[wire.EnrollRequest, wire.EnrollResponse]
    ) -> wire.EnrollResponse:
        self.received.append(request.SerializeToString())
        await self._refuse(context)
        signer = self.foreign or self.authority
        return wire.EnrollResponse(
            device_id="7d0f", certificate_pem=signer.device(request.csr), collector_name="Example"
        )

    async def CheckIn(  # noqa: N802
        self,
        request: wire.CheckInRequest,
        context: Context[wire.CheckInRequest, wire.CheckInResponse],
    ) -> wire.CheckInResponse:
        assert context.auth_context()["transport_security_type"] == [b"ssl"]
        self.received.append(request.SerializeToString())
        await self._refuse(context)
        return wire.CheckInResponse(receipt=wire.RECEIPT_STORED, accepted_sequence=1)

    async def RenewCertificate(  # noqa: N802
        self,
        request: wire.RenewCertificateRequest,
        context: Context[wire.RenewCertificateRequest, wire.RenewCertificateResponse],
    ) -> wire.RenewCertificateResponse:
        return wire.RenewCertificateResponse(certificate_pem=self.authority.device(request.csr))

    async def _refuse(self, context: Context[Any, Any]) -> None:
        if self.refusal:
            metadata = (("retry-after", self.retry_after),) if self.retry_after else ()
            await context.abort(*self.refusal, trailing_metadata=metadata)

    def invitation(self, **changes: object) -> Invitation:
        values: dict[str, object] = {
            "enroll_address": self.address,
            "check_in_address": self.check_in_address,
            "token": TOKEN,
            "authority_sha256": self.authority.sha256,
            "collector_name": "Example",
        }
        return Invitation(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    for name in ("grpc_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    serving = Collector()
    server = grpc.aio.server()
    services.add_EnrollmentServiceServicer_to_server(serving, server)
    services.add_PostureServiceServicer_to_server(serving, server)
    pair = serving.authority.server("127.0.0.1")
    open_port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    mutual = grpc.ssl_server_credentials([pair], serving.authority.pem, require_client_auth=True)
    mutual_port = server.add_secure_port("127.0.0.1:0", mutual)
    serving.address = f"127.0.0.1:{open_port}"
    serving.check_in_address = f"127.0.0.1:{mutual_port}"
    await server.start()
    yield serving
    await server.stop(None)


def enroll(folder: Path, invitation: Invitation) -> Callable[[], Config]:
    state = State.open(folder)
    attempt = Enrollment(state, GrpcTransport, system_clock, Inventory(hostname="h"))
    return lambda: attempt.run(invitation)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_device_enrolls_and_checks_in(collector: Collector, tmp_path: Path) -> None:
    await asyncio.to_thread(enroll(tmp_path, collector.invitation()))
    state = State.open(tmp_path)
    assert load(state).device_id == "7d0f"
    identity.check(identity.load(state))
    assert state.path("key.pem").stat().st_mode & 0o777 == 0o600

    visit = Visit(
        state,
        GrpcTransport,
        lambda: Observed(b"A", system_clock()),
        system_clock,
        lambda sentence, **fields: None,
        lambda: Done(wire.COMMAND_OUTCOME_DONE),
    )
    response = await asyncio.to_thread(visit.run)
    assert response.receipt == wire.RECEIPT_STORED
    kept = Receipts(state.path("receipts")).last(2)
    assert kept[0].content == collector.received[-1]
    assert TOKEN.encode() not in kept[1].content


async def test_another_authority_gets_nothing(collector: Collector, tmp_path: Path) -> None:
    wrong = collector.invitation(authority_sha256=TestAuthority().sha256)
    with pytest.raises(NotTrusted, match="nothing was sent"):
        await asyncio.to_thread(enroll(tmp_path, wrong))
    assert collector.received == []
    assert files(tmp_path) == []


async def test_a_server_that_is_not_an_authority_is_not_believed(
    collector: Collector, tmp_path: Path
) -> None:
    chain = await asyncio.to_thread(contact.presented_chain, collector.address)
    leaf = collector.invitation(authority_sha256=hashlib.sha256(chain[0]).digest())
    with pytest.raises(NotTrusted):
        await asyncio.to_thread(enroll(tmp_path, leaf))
    assert collector.received == []


async def test_a_server_of_another_name_gets_nothing(collector: Collector, tmp_path: Path) -> None:
    port = collector.address.rpartition(":")[2]
    wrong = collector.invitation(enroll_address=f"localhost:{port}")
    with pytest.raises(NotTrusted, match=r"[Hh]ostname mismatch"):
        await asyncio.to_thread(enroll(tmp_path, wrong))
    assert collector.received == []
    assert files(tmp_path) == []


async def test_the_check_in_server_must_bear_the_name_of_its_address(
    collector: Collector, tmp_path: Path
) -> None:
    port = collector.address.rpartition(":")[2]
    transport = GrpcTransport(f"localhost:{port}", Credentials(collector.authority.pem))
    with pytest.raises(Unreachable):
        await asyncio.to_thread(transport.enroll, wire.EnrollRequest(token=TOKEN))
    transport.close()
    assert collector.received == []


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, Refused),
        (grpc.StatusCode.PERMISSION_DENIED, Refused),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Busy),
        (grpc.StatusCode.UNAVAILABLE, Unreachable),
    ],
)
async def test_a_refused_token_leaves_nothing_behind(
    collector: Collector,
    tmp_path: Path,
    code: grpc.StatusCode,
    meaning: type[TransportError],
) -> None:
    collector.refusal = (code, "the token has expired")
    with pytest.raises(meaning, match="the token has expired"):
        await asyncio.to_thread(enroll(tmp_path, collector.invitation()))
    assert files(tmp_path) == ["receipts"]


async def test_what_was_sent_without_success_has_a_receipt_and_it_holds_no_token(
    collector: Collector, tmp_path: Path
) -> None:
    """The inventory has left the device, whatever came of it."""
    collector.refusal = (grpc.StatusCode.UNAUTHENTICATED, "the token has expired")
    with pytest.raises(Refused):
        await asyncio.to_thread(enroll(tmp_path, collector.invitation()))
    (kept,) = Receipts(tmp_path / "receipts").last(2)
    assert "the token has expired" in kept.result
    assert TOKEN.encode() not in kept.content
    assert wire.EnrollRequest.FromString(kept.content).HasField("inventory")


async def test_a_busy_collectors_hint_is_read(collector: Collector, tmp_path: Path) -> None:
    collector.refusal = (grpc.StatusCode.UNAVAILABLE, "later")
    collector.retry_after = "120"
    with pytest.raises(Busy) as caught:
        await asyncio.to_thread(enroll(tmp_path, collector.invitation()))
    assert caught.value.retry_after_seconds == 120


async def test_a_certificate_that_does_not_fit_is_not_kept(
    collector: Collector, tmp_path: Path
) -> None:
    collector.foreign = TestAuthority()
    with pytest.raises(TransportError, match="cannot be used"):
        await asyncio.to_thread(enroll(tmp_path, collector.invitation()))
    assert files(tmp_path) == ["receipts"]


async def test_a_second_enrollment_keeps_the_first_until_it_succeeds(
    collector: Collector, tmp_path: Path
) -> None:
    await asyncio.to_thread(enroll(tmp_path, collector.invitation()))
    state = State.open(tmp_path)
    before = identity.load(state)
    state.write("progress.json", b"{}")
    collector.refusal = (grpc.StatusCode.PERMISSION_DENIED, "used up")
    with pytest.raises(Refused):
        await asyncio.to_thread(enroll(tmp_path, collector.invitation()))
    assert identity.load(state) == before
    collector.refusal = None
    await asyncio.to_thread(enroll(tmp_path, collector.invitation()))
    assert identity.load(state).key != before.key
    assert state.read("progress.json") is None


async def test_nobody_there_is_said_in_one_line(tmp_path: Path, unused_tcp_port: int) -> None:
    with pytest.raises(Unreachable, match="refused"):
        contact.presented_chain(f"127.0.0.1:{unused_tcp_port}")


async def test_the_first_look_goes_through_the_proxy(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].split()[1])
        host, _, port = collector.address.partition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        chain = await asyncio.to_thread(contact.presented_chain, collector.address)
    assert asked == [collector.address.encode()]
    assert identity.authority_with(collector.authority.sha256, chain) == collector.authority.pem


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until either side goes away, as it may without a word."""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(Unreachable, match=r"proxy 127\.0\.0\.1:\d+ wants a user"):
            await asyncio.to_thread(contact.presented_chain, "collector.example:7844")


def string(message: wire.EnrollmentString) -> str:
    return enrollment_text(message)


WHOLE = wire.EnrollmentString(
    enroll_address="collector.example:7844",
    check_in_address="collector.example:7843",
    token=TOKEN,
    authority_sha256=b"\1" * 32,
    collector_name="Example",
)


def test_a_string_broken_into_lines_by_a_mail_is_whole_again() -> None:
    words = string(WHOLE)
    assert decode(f" {words[:40]}\r\n{words[40:]}\n").token == TOKEN


def test_every_shorter_string_is_refused_or_lacks_only_the_name() -> None:
    words = string(WHOLE)
    for length in range(len(words)):
        try:
            read = decode(words[:length])
        except BadString:
            continue
        assert read.authority_sha256 == WHOLE.authority_sha256
        assert read.token == TOKEN


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "no enrollment string"),
        ("hello", "begins with muster1_"),
        ("muster1_", "damaged"),
        ("muster1_!!!!", "damaged"),
        ("muster1_" + "A" * 10_000, "damaged"),
        (string(wire.EnrollmentString(token="t")), "damaged"),
        (string(WHOLE)[:-3] + "AAA", "damaged"),
    ],
)
def test_a_wrong_string_is_refused_with_one_line(words: str, said: str) -> None:
    with pytest.raises(BadString, match=said):
        decode(words)


def test_a_certificate_that_cannot_be_read_is_not_the_authority() -> None:
    assert identity.authority_with(b"x" * 32, (b"no certificate", b"")) is None


def test_a_collector_that_is_stopped_is_told_as_enrolling_tells_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    transport = GrpcTransport(address, Credentials(TestAuthority().pem))
    with pytest.raises(Unreachable) as told:
        transport.check_in(wire.CheckInRequest())
    transport.close()
    asked = "is the collector running there, and is this its address?"
    assert str(told.value) == f"{address}: connection refused; {asked}"
