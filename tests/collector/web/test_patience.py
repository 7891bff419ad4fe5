"""Connections that hold a place without asking for anything do not keep it."""

import asyncio
import ipaddress
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from collector.web.patience import MOST_OF_ONE_ADDRESS, REQUEST_SECONDS, Patience, patience

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Told:
    """A timer, or a task: something that can be cancelled or waited for, and is not."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True

    def add_done_callback(self, _callback: object) -> None:
        pass


@dataclass
class FakeLoop:
    """Its time passes when the test says so."""

    timers: list[tuple[float, Told, Callable[[], None]]] = field(default_factory=list)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Told:
        timer = Told()
        self.timers.append((seconds, timer, callback))
        return timer

    def create_task(self, work: Coroutine[Any, Any, None]) -> Told:
        work.close()
        return Told()

    def pass_time(self) -> None:
        due = [(timer, callback) for _, timer, callback in self.timers]
        self.timers.clear()
        for timer, callback in due:
            if not timer.cancelled:
                callback()


class FakeTransport(asyncio.Transport):
    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 50000), "sockname": ("127.0.0.1", 443)})
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted


@dataclass
class Door:
    """One server's connections."""

    loop: FakeLoop = field(default_factory=FakeLoop)
    state: ServerState = field(default_factory=ServerState)
    settings: uvicorn.Config = field(
        default_factory=lambda: uvicorn.Config(cast(Any, object()), lifespan="off", log_config=None)
    )

    kind: type[Patience] = Patience

    def connect(self, address: str = "192.0.2.7") -> tuple[Patience, FakeTransport]:
        loop = cast(asyncio.AbstractEventLoop, self.loop)
        connection = self.kind(self.settings, self.state, {}, loop)
        transport = FakeTransport(address)
        connection.connection_made(transport)
        return connection, transport


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHo",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na",
    ],
)
def test_a_request_that_is_not_whole_in_time_is_dropped(sent: bytes) -> None:
    door = Door()
    connection, transport = door.connect()
    if sent:
        connection.data_received(sent)
    assert [seconds for seconds, _, _ in door.loop.timers] == [REQUEST_SECONDS]
    assert not transport.aborted
    door.loop.pass_time()
    assert transport.aborted


def test_a_whole_request_may_take_its_time_to_be_answered() -> None:
    door = Door()
    connection, transport = door.connect()
    connection.data_received(WHOLE)
    door.loop.pass_time()
    assert not transport.aborted


def test_the_next_request_of_a_connection_has_to_come_in_time_too() -> None:
    door = Door()
    connection, transport = door.connect()
    connection.on_response_complete()
    connection.data_received(b"GET / HTTP/1.1\r\nHo")
    door.loop.pass_time()
    assert transport.aborted


def test_one_address_cannot_take_every_place() -> None:
    door = Door()
    mine = [door.connect()[1] for _ in range(MOST_OF_ONE_ADDRESS + 1)]
    assert [transport.aborted for transport in mine] == [False] * MOST_OF_ONE_ADDRESS + [True]
    assert not door.connect("192.0.2.8")[1].aborted


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7"])
def test_behind_a_named_proxy_are_many_people(address: str) -> None:
    door = Door(kind=patience((ipaddress.ip_network("192.0.2.7/32"),)))
    behind = [door.connect(address)[1] for _ in range(MOST_OF_ONE_ADDRESS + 1)]
    assert not any(transport.aborted for transport in behind)
    others = [door.connect("192.0.2.8")[1] for _ in range(MOST_OF_ONE_ADDRESS + 1)]
    assert others[-1].aborted
