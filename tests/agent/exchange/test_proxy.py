"""The way through a proxy: found, asked for politely, and named when it is closed."""

import asyncio
import contextlib
import socket
import threading
from pathlib import Path

import pytest

from agent.config import load
from agent.exchange import contact
from agent.exchange.enrollment import Enrollment
from agent.exchange.proxy import BadProxy, ProxyRefused, connect, parse, proxy_for
from agent.exchange.transport import Credentials, GrpcTransport
from agent.identity import load as load_identity
from agent.remedies import to_do
from agent.state import State
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.device_pb2 import Inventory
from tests.agent.certificates import TestAuthority
from tests.agent.exchange.test_enrollment import Collector, collector
from tests.agent.served import served
from tests.connect_proxy import connect_proxy
from tests.fakes import FixedClock

__all__ = ["collector"]

LOGIN = "alice:p%40ss%20word"


@pytest.fixture(autouse=True)
def without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy"):
        for spelling in (name, name.upper()):
            monkeypatch.delenv(spelling, raising=False)


@pytest.mark.parametrize("how", ["told", "https_proxy", "HTTPS_PROXY", "http_proxy"])
async def test_a_device_enrolls_and_checks_in_through_a_proxy_with_a_password(
    collector: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with connect_proxy("alice:p@ss word") as proxy:
        url = f"http://{LOGIN}@127.0.0.1:{proxy.port}"
        if how != "told":
            monkeypatch.setenv(how, url)
        told = url if how == "told" else ""
        state = State.open(tmp_path)
        clock = FixedClock()
        attempt = Enrollment(state, GrpcTransport, clock, Inventory(hostname="h"), told)
        await asyncio.to_thread(attempt.run, collector.invitation())
        assert load(state).proxy == told
        credentials = Credentials.of(load_identity(state), told)
        transport = GrpcTransport(collector.check_in_address, credentials)
        answered = await asyncio.to_thread(transport.check_in, wire.CheckInRequest())
        transport.close()
    assert answered.receipt == wire.RECEIPT_STORED
    assert set(proxy.asked) == {collector.address, collector.check_in_address}
    assert len(proxy.asked) >= 4  # two looks, enrolling, checking in


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
async def test_what_is_exempt_goes_directly(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with connect_proxy() as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv(name, "localhost, 127.0.0.1")
        await asyncio.to_thread(contact.presented_chain, collector.address)
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 407 No\r\n\r\n", "wants a user and a password, or does not accept those"),
        (b"HTTP/1.0 401 No\r\n\r\n", "wants a user and a password, or does not accept those"),
        (b"HTTP/1.0 403 No\r\n\r\n", "does not allow connections to the collector"),
        (b"HTTP/1.1 502 No\r\n\r\n", "cannot reach the collector"),
        (b"HTTP/1.1 504 No\r\n\r\n", "got no answer from the collector"),
        (b"HTTP/1.1 999 No\r\n\r\n", "answers 999"),
        (b"SSH-2.0-x\r\n\r\n", "is no HTTP proxy: it answers something else"),
        (b"\x00", "is no HTTP proxy: it answers something else"),
    ],
)
def test_a_closed_way_is_named_without_the_password(answer: bytes, said: str) -> None:
    with connect_proxy(answer=answer) as proxy:
        told = f"http://alice:secret@127.0.0.1:{proxy.port}"
        with pytest.raises(ProxyRefused) as raised:
            contact.presented_chain("collector.example:443", told)
    assert f"127.0.0.1:{proxy.port} {said}" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "http://user:password@host:port" in to_do(raised.value)


def test_a_wrong_password_is_named_so() -> None:
    with (
        served(TestAuthority()) as address,
        connect_proxy("alice:right") as proxy,
        pytest.raises(ProxyRefused, match="does not accept those it was given"),
    ):
        contact.presented_chain(address, f"http://alice:wrong@127.0.0.1:{proxy.port}")


def test_the_stream_of_a_connected_agent_goes_through_the_proxy(tmp_path: Path) -> None:
    authority = TestAuthority()
    with served(authority) as address, connect_proxy() as proxy:
        contact.secured(address, authority.pem, None, proxy.url).close()
    assert proxy.asked == [address]


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({}, None),
        ({"http_proxy": "p:1"}, "p:1"),
        ({"http_proxy": "http://p:1", "https_proxy": "http://q:2"}, "q:2"),
        ({"https_proxy": "http://q:2", "grpc_proxy": "http://r:3"}, "r:3"),
        ({"https_proxy": "http://q:2", "no_proxy": "*"}, None),
        ({"https_proxy": "http://q:2", "no_proxy": ".other"}, "q:2"),
        ({"HTTPS_PROXY": "http://q"}, "q:80"),
        ({"https_proxy": "http://[::1]:3128"}, "[::1]:3128"),
    ],
)
def test_the_environment_says_which(environ: dict[str, str], way: str | None) -> None:
    found = proxy_for("collector.example", environ)
    assert (None if found is None else str(found)) == way


def test_what_enrollment_was_told_counts_before_the_environment() -> None:
    found = proxy_for("c.example", {"https_proxy": "http://other:1"}, "http://told:2")
    assert str(found) == "told:2"


@pytest.mark.parametrize("url", ["http://", "http://:1", "http://p:x", "https://p", "socks5://p:1"])
def test_what_is_no_proxy_is_refused(url: str) -> None:
    with pytest.raises(BadProxy):
        parse(url)


def test_a_proxy_that_answers_byte_by_byte_is_given_up_when_the_time_is_over() -> None:
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client, contextlib.suppress(OSError):
            while not over.wait(0.02):
                client.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        dripping = threading.Thread(target=drip, args=(listener,), daemon=True)
        dripping.start()
        way = parse(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(TimeoutError):
            connect(way, "collector.example", 443, 0.3)
        over.set()
        dripping.join(5)
