"""The stream that is held without grpc, against a real gRPC server over mutual TLS."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from agent import identity
from agent.exchange import contact, holding
from agent.exchange.holding import Stream
from agent.exchange.troubles import Busy, CollectorFailed, Refused, Unreachable
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1 import posture_service_pb2_grpc as services
from tests.agent.certificates import TestAuthority

if TYPE_CHECKING:
    from grpc.aio import ServicerContext

    Act = Callable[[ServicerContext[Any, Any]], Awaitable[bool]]

LONG = 30.0
ENDED = r"the connection ended|closed the connection"


@dataclass
class Collector(services.PostureServiceServicer):
    """Does as it is told when somebody listens; True: it calls."""

    act: Act
    address: str = ""

    async def Listen(  # type: ignore[override]  # noqa: N802 - the contract's name
        self, request: wire.ListenRequest, context: ServicerContext[Any, Any]
    ) -> AsyncIterator[wire.Notice]:
        assert request == wire.ListenRequest()
        if await self.act(context):
            yield wire.Notice()
            await asyncio.sleep(LONG)


@dataclass
class Place:
    """A device that the authority knows, and where it keeps what it shows."""

    folder: Path
    authority: TestAuthority

    def __post_init__(self) -> None:
        key = identity.new_key()
        (self.folder / "key.pem").write_bytes(key)
        signed = self.authority.device(identity.signing_request(key))
        (self.folder / "certificate.pem").write_bytes(signed)

    def listen(self, address: str, seconds: float) -> bool:
        shown = self.folder / "certificate.pem", self.folder / "key.pem"
        with contact.secured(address, self.authority.pem, shown) as connection:
            return Stream(connection, address, time.monotonic).wait(seconds)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name in ("grpc_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    return Place(tmp_path, TestAuthority())


async def listened(place: Place, act: Act, seconds: float = LONG, *options: Any) -> bool:
    server = grpc.aio.server(options=options)
    services.add_PostureServiceServicer_to_server(Collector(act), server)
    pair = place.authority.server("127.0.0.1")
    mutual = grpc.ssl_server_credentials([pair], place.authority.pem, require_client_auth=True)
    port = server.add_secure_port("127.0.0.1:0", mutual)
    await server.start()
    try:
        return await asyncio.to_thread(place.listen, f"127.0.0.1:{port}", seconds)
    finally:
        await server.stop(None)


def ending(code: grpc.StatusCode, said: str = "", **metadata: str) -> Act:
    async def act(context: ServicerContext[Any, Any]) -> bool:
        pairs = tuple((name.replace("_", "-"), value) for name, value in metadata.items())
        await context.abort(code, said, pairs)
        return False

    return act


async def calls(context: ServicerContext[Any, Any]) -> bool:
    assert dict(context.invocation_metadata() or ())["user-agent"] == "muster-agent"
    assert context.auth_context()["transport_security_type"] == [b"ssl"]
    return True


async def stays_silent(context: ServicerContext[Any, Any]) -> bool:
    await asyncio.sleep(LONG)
    return False


async def test_a_call_ends_the_wait_at_once(place: Place) -> None:
    begun = time.monotonic()
    assert await listened(place, calls)
    assert time.monotonic() - begun < LONG / 2


async def test_without_a_call_it_waits_as_long_as_it_was_told(place: Place) -> None:
    begun = time.monotonic()
    assert not await listened(place, stays_silent, 1.2)
    assert 1 <= time.monotonic() - begun < LONG / 2


async def test_pings_of_the_collector_are_answered(place: Place) -> None:
    pings = (("grpc.keepalive_time_ms", 300), ("grpc.keepalive_timeout_ms", 300))
    assert not await listened(place, stays_silent, 2, *pings)  # unanswered, it would be Unreachable


async def test_a_silent_connection_is_asked_and_kept_when_it_answers(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "QUIET_SECONDS", 0.2)
    lenient = (("grpc.http2.max_ping_strikes", 0),)
    assert not await listened(place, stays_silent, 1.5, *lenient)


@pytest.mark.parametrize(
    ("act", "kind", "said"),
    [
        (ending(grpc.StatusCode.RESOURCE_EXHAUSTED, "full", retry_after="600"), Busy, "full"),
        (ending(grpc.StatusCode.PERMISSION_DENIED, "revoked"), Refused, "revoked"),
        (ending(grpc.StatusCode.FAILED_PRECONDITION, "scheduled"), Refused, "scheduled"),
        (ending(grpc.StatusCode.ABORTED, "é, another"), CollectorFailed, "ABORTED: é, another"),
        (ending(grpc.StatusCode.UNAVAILABLE, "it stops"), Unreachable, "it stops"),
    ],
)
async def test_every_status_means_what_it_means_for_a_check_in(
    place: Place, act: Act, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said) as raised:
        await listened(place, act)
    if isinstance(raised.value, Busy):
        assert raised.value.retry_after_seconds == 600


async def test_a_deadline_of_the_collector_is_the_end_of_the_wait(place: Place) -> None:
    assert not await listened(place, ending(grpc.StatusCode.DEADLINE_EXCEEDED))


async def test_a_device_of_another_authority_is_not_let_in(place: Place) -> None:
    Place(place.folder, TestAuthority())  # its certificate takes the other's place
    with pytest.raises(Unreachable, match=ENDED):
        await listened(place, calls)


@dataclass
class Wire:
    """A socket whose other end says what a test wants."""

    says: list[bytes]

    def sendall(self, content: bytes) -> None:
        self.sent = content

    def settimeout(self, seconds: float) -> None:
        self.limit = seconds

    def recv(self, most: int) -> bytes:
        if not self.says:
            raise TimeoutError
        return self.says.pop(0)


SETTINGS = bytes.fromhex("000000040000000000")
RESET = bytes.fromhex("00000403000000000100000008")
HTTP_502 = bytes.fromhex("000005010500000001") + b"\x08\x03502"
NOT_UTF8 = b"\x88" + b"\x00\x0cgrpc-message\x02\xff\xfe" + b"\x00\x0bgrpc-status\x0214"
HEAD_NOT_UTF8 = len(NOT_UTF8).to_bytes(3) + bytes.fromhex("010500000001") + NOT_UTF8
DATA_ON_NO_STREAM = bytes.fromhex("000001000000000000") + b"x"
GOAWAY = bytes.fromhex("0000080700000000000000000100000002")


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "the connection is dead, nothing answers"),
        ([SETTINGS + DATA_ON_NO_STREAM], "what came is no HTTP/2"),
        ([SETTINGS], "the connection is dead, nothing answers"),
        ([SETTINGS, b""], "the collector closed the connection"),
        ([SETTINGS + RESET], "the stream ended"),
        ([SETTINGS + HTTP_502], "answered HTTP 502"),
        ([SETTINGS + HEAD_NOT_UTF8], "c.example:1: \ufffd\ufffd"),
        ([SETTINGS + GOAWAY], "the collector ended the connection"),
    ],
)
def test_whatever_the_other_end_says_is_one_of_our_errors(says: list[bytes], said: str) -> None:
    stream = Stream(Wire(says), "c.example:1", lambda: 0.0)  # type: ignore[arg-type]
    with pytest.raises(Unreachable, match=said):
        stream.wait(60)


def test_bytes_of_chance_are_no_crash() -> None:
    import random

    for number in range(300):
        chance = random.Random(number)
        said = SETTINGS * chance.randint(0, 1) + chance.randbytes(chance.randint(1, 80))
        stream = Stream(Wire([said]), "c.example:1", lambda: 0.0)  # type: ignore[arg-type]
        with pytest.raises(Unreachable, match=r"^c\.example:1: "):
            stream.wait(60)


def test_a_connection_that_breaks_is_unreachable() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises(Unreachable, match=ENDED):
        Stream(ours, "c.example:1", time.monotonic).wait(5)  # type: ignore[arg-type]
