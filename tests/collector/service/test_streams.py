"""Connected agents: who may hold a stream, what ends it, and that it says nothing but "come"."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial

import grpc
import grpc.aio
import pytest

from collector.policy import default_text
from collector.service.caller import Caller
from collector.service.streams import Streams, Watch
from collector.store import Connection, certificates, devices, groups, policies
from collector.store.groups import Group
from protos.posture.v1 import posture_service_pb2 as wire
from tests.collector.service.edge_desk import EdgeDesk, key_pem
from tests.collector.service.test_check_in import report, unchanged
from tests.collector.service.test_commands import ask

CONNECTED = default_text().replace('mode = "scheduled"', 'mode = "connected"')
Call = grpc.aio.UnaryStreamCall[bytes, bytes]


def connect_all(desk: EdgeDesk, text: str = CONNECTED) -> None:
    desk.store.write(lambda c: policies.add(c, text, desk.clock(), "test"))


@asynccontextmanager
async def listening(desk: EdgeDesk, certificate: bytes) -> AsyncIterator[Call]:
    """A stream that the collector has taken, unless it is refused."""
    shown = (key_pem(desk.key), certificate)
    secure = grpc.ssl_channel_credentials(desk.authority.pem, *shown)
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
    address = f"127.0.0.1:{desk.check_in_port}"
    async with grpc.aio.secure_channel(address, secure, options) as channel:
        call = channel.unary_stream("/posture.v1.PostureService/Listen")(b"", timeout=20)
        await call.initial_metadata()
        yield call


async def test_a_device_hears_that_it_was_asked_for_something(desk: EdgeDesk) -> None:
    connect_all(desk)
    enrolled = await desk.enroll()
    answer = await desk.check_in(report(), enrolled.certificate_pem)
    assert answer.contact_mode == wire.CONTACT_MODE_CONNECTED
    watch = Watch(desk.store, desk.posture.streams, desk.clock)
    async with listening(desk, enrolled.certificate_pem) as call:
        assert enrolled.device_id in desk.posture.streams
        ask(desk, enrolled.device_id)
        await watch.look()
        assert await call.read() == b""
        answer = await desk.check_in(unchanged(2), enrolled.certificate_pem)
        assert len(answer.commands) == 1


async def test_what_waits_is_called_for_when_the_stream_opens(desk: EdgeDesk) -> None:
    connect_all(desk)
    enrolled = await desk.enroll()
    ask(desk, enrolled.device_id)
    desk.clock.advance(minutes=20)
    async with listening(desk, enrolled.certificate_pem) as call:
        assert await call.read() == b""


async def test_a_device_that_is_scheduled_holds_no_stream(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    answer = await desk.check_in(report(), enrolled.certificate_pem)
    assert answer.contact_mode == wire.CONTACT_MODE_SCHEDULED
    async with listening(desk, enrolled.certificate_pem) as call:
        assert await call.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert len(desk.posture.streams) == 0


async def test_a_group_is_connected_and_the_others_are_not(desk: EdgeDesk) -> None:
    text = default_text()
    connect_all(desk, text.replace("[contact.groups]\n", '[contact.groups]\ndesk = "connected"\n'))
    one, other = await desk.enroll(), await desk.enroll()

    def group(c: Connection) -> None:
        groups.add(c, Group("desk", "", "", desk.clock()))
        groups.add_members(c, "desk", [one.device_id], desk.clock())

    desk.store.write(group)
    answers = [await desk.check_in(report(), each.certificate_pem) for each in (one, other)]
    assert [each.contact_mode for each in answers] == [
        wire.CONTACT_MODE_CONNECTED,
        wire.CONTACT_MODE_SCHEDULED,
    ]


async def test_a_collector_that_is_full_has_them_come_as_scheduled(desk: EdgeDesk) -> None:
    connect_all(desk)
    desk.posture.streams.close()
    enrolled = await desk.enroll()
    answer = await desk.check_in(report(), enrolled.certificate_pem)
    assert answer.contact_mode == wire.CONTACT_MODE_SCHEDULED
    async with listening(desk, enrolled.certificate_pem) as call:
        assert await call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert dict(await call.trailing_metadata())["retry-after"] == "600"


@pytest.mark.parametrize("what", ["revoked", "retired", "quarantined", "ended"])
async def test_a_stream_ends_when_its_device_is_not_admitted_any_more(
    desk: EdgeDesk, what: str
) -> None:
    connect_all(desk)
    enrolled = await desk.enroll()
    now, name = desk.clock(), enrolled.device_id
    async with listening(desk, enrolled.certificate_pem) as call:
        if what == "revoked":
            desk.store.write(partial(certificates.revoke_all, device_id=name, at=now, because="x"))
        elif what == "retired":
            desk.store.write(partial(devices.retire, device_id=name, at=now))
        elif what == "quarantined":
            desk.store.write(partial(devices.quarantine, device_id=name, because="a copy", at=now))
        else:
            desk.clock.advance(days=400)
        await Watch(desk.store, desk.posture.streams, desk.clock).look()
        assert await call.code() is grpc.StatusCode.PERMISSION_DENIED
    assert name not in desk.posture.streams


async def test_a_device_holds_one_stream_the_newest(desk: EdgeDesk) -> None:
    connect_all(desk)
    enrolled = await desk.enroll()
    certificate = enrolled.certificate_pem
    async with listening(desk, certificate) as before, listening(desk, certificate):
        assert await before.code() is grpc.StatusCode.ABORTED
        assert len(desk.posture.streams) == 1


async def test_a_collector_that_stops_ends_them_all(desk: EdgeDesk) -> None:
    connect_all(desk)
    enrolled = await desk.enroll()
    async with listening(desk, enrolled.certificate_pem) as call:
        desk.posture.streams.close()
        assert await call.code() is grpc.StatusCode.UNAVAILABLE
    assert not desk.posture.streams.admits(enrolled.device_id)


def test_each_stream_is_looked_after_within_three_looks(desk: EdgeDesk) -> None:
    streams = Streams(4000)
    callers = [Caller(f"{n}", f"CN=d-{n}") for n in range(4000)]
    with ExitStack() as held:
        for caller in callers:
            held.enter_context(streams.one(caller))
        watch = Watch(desk.store, streams, desk.clock)
        seen = [stream.caller for _ in range(3) for stream in watch.due()]
    assert seen == callers
