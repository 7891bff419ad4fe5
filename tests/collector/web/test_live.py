"""Open pages: what they hear, when they stop hearing, and that it leaves sessions as they are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from starlette.types import Message

from collector.accounts import people, sessions
from collector.accounts.roles import Role
from collector.model import Compliance
from collector.store import accounts, commands, devices
from collector.store.accounts import Account
from collector.store.commands import CommandAction, Wish
from collector.web import live
from collector.web.cookie import NAME
from collector.web.listeners import MOST_OF_ONE
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import Seen, device_id

ONE = f"/devices/{device_id('lap-1')}"
Read = Callable[[], Awaitable[str]]


@pytest.fixture
def desk(browser: Browser) -> Browser:
    browser.enrol(Seen("lap-1", Compliance.COMPLIANT))
    return browser


def session_of(desk: Browser, role: Role = Role.HELPDESK) -> str:
    """A whole session of a new account."""
    now = desk.clock()
    account = Account(f"some-{role}", "hash", now, role)
    desk.store.write(lambda c: accounts.add(c, account))
    return desk.store.write(lambda c: sessions.begin(c, account, now, factor_at=now))


@asynccontextmanager
async def stream(desk: Browser, path: str, token: str) -> AsyncIterator[tuple[int, Read]]:
    """The status, and a way to read the next piece; "" is the end."""
    path, _, query = path.partition("?")
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "scheme": "https",
        "http_version": "1.1",
        "server": ("collector.example", 443),
        "client": ("192.0.2.1", 5000),
        "headers": [
            (b"host", b"collector.example"),
            (b"accept", b"text/event-stream"),
            (b"cookie", f"{NAME}={token}".encode()),
        ],
    }
    gone = asyncio.Event()
    bodies = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if bodies:
            return bodies.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    app: Any = desk.client.app
    running = asyncio.create_task(app(scope, receive, sent.put))
    start = await sent.get()

    async def read() -> str:
        return bytes((await asyncio.wait_for(sent.get(), 20)).get("body", b"")).decode()

    try:
        yield int(start["status"]), read
    finally:
        gone.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def version(desk: Browser, token: str) -> str:
    desk.client.cookies.set(NAME, token)
    return desk.get(f"{ONE}/events")


async def test_a_page_hears_of_a_change_and_of_nothing_else(desk: Browser) -> None:
    token = session_of(desk)
    async with stream(desk, f"{ONE}/events?seen={version(desk, token)}", token) as (status, read):
        assert (status, await read()) == (200, "retry: 3000\n\n")
        wish = Wish(device_id("lap-1"), CommandAction.CHECK_NOW, "bob")
        desk.store.write(lambda c: commands.ask(c, wish, desk.clock()))
        assert await read() == f"id: {version(desk, token)}\nevent: changed\ndata: changed\n\n"


async def test_a_page_that_is_behind_hears_of_it_at_once(desk: Browser) -> None:
    token = session_of(desk)
    async with stream(desk, f"{ONE}/events?seen=older", token) as (_, read):
        await read()
        assert "event: changed" in await read()


async def test_a_stream_ends_with_its_session(desk: Browser) -> None:
    token = session_of(desk)
    async with stream(desk, f"{ONE}/events?seen={version(desk, token)}", token) as (_, read):
        await read()
        desk.store.write(lambda c: sessions.end(c, token))
        assert await read() == ""
    assert not desk.client.app.state.site.listeners._open  # type: ignore[attr-defined]


async def test_a_stream_ends_when_its_person_may_something_else_though_the_session_lasts(
    desk: Browser,
) -> None:
    token = session_of(desk)
    async with stream(desk, f"{ONE}/events?seen={version(desk, token)}", token) as (_, read):
        await read()
        desk.store.write(lambda c: accounts.set_role(c, "some-helpdesk", Role.VIEWER))
        assert await read() == ""


@pytest.mark.parametrize("change", ["disabled", "another role"])
async def test_whoever_is_taken_off_is_out_of_pages_and_streams_at_once(
    desk: Browser, change: str
) -> None:
    token = session_of(desk)
    order = people.Order("some-helpdesk", desk.clock())
    async with stream(desk, f"{ONE}/events?seen={version(desk, token)}", token) as (_, read):
        await read()
        if change == "disabled":
            desk.store.write(lambda c: people.disable(c, order, "has left"))
        else:
            desk.store.write(lambda c: people.change_role(c, order, Role.VIEWER))
        assert await read() == ""
    desk.client.cookies.set(NAME, token)
    assert desk.client.get(ONE).headers["location"] == "/login"


async def test_one_session_holds_a_few_streams_and_no_more(desk: Browser) -> None:
    token = session_of(desk)
    async with AsyncExitStack() as held:
        opened = [
            await held.enter_async_context(stream(desk, f"{ONE}/events", token))
            for _ in range(MOST_OF_ONE + 1)
        ]
        assert [status for status, _ in opened] == [200] * MOST_OF_ONE + [503]


async def test_all_sessions_together_hold_no_more_streams_than_there_may_be(desk: Browser) -> None:
    desk.client.app.state.site.listeners.most = 2  # type: ignore[attr-defined]
    tokens = [session_of(desk) for _ in range(3)]
    async with AsyncExitStack() as held:
        opened = [
            await held.enter_async_context(stream(desk, f"{ONE}/events", token)) for token in tokens
        ]
        assert [status for status, _ in opened] == [200, 200, 503]
    async with stream(desk, f"{ONE}/events", tokens[2]) as (status, _):
        assert status == 200


async def test_a_reader_that_takes_nothing_is_dropped_and_its_place_is_free() -> None:
    ended = False

    async def lines() -> AsyncIterator[str]:
        nonlocal ended
        try:
            while True:
                yield "id: 1\n\n"
        finally:
            ended = True

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {}

    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    answer = live.Dropping(lines())
    answer.taken_seconds = 0.05
    await asyncio.wait_for(answer(scope, receive, send), 5)
    assert ended


async def test_what_a_script_asks_for_keeps_no_session_alive(desk: Browser) -> None:
    token = session_of(desk)
    desk.client.cookies.set(NAME, token)
    desk.clock.advance(minutes=10)
    for path, headers in ((f"{ONE}/events", {}), (ONE, {"Muster-Live": "1"})):
        assert desk.client.get(path, headers=headers).status_code == 200
    desk.clock.advance(minutes=10)
    assert desk.client.get(ONE).status_code == 303


async def test_a_refresh_leaves_a_trace_unless_its_page_holds_a_stream(desk: Browser) -> None:
    token = session_of(desk)
    desk.client.cookies.set(NAME, token)

    def views() -> int:
        return sum(record["action"] == "page.viewed" for record in desk.audited())

    refresh = {"Muster-Live": "1"}
    desk.client.get(ONE, headers=refresh)
    assert views() == 1
    async with stream(desk, f"{ONE}/events", token) as (_, read):
        await read()
        assert views() == 2
        desk.client.get(ONE, headers=refresh)
        desk.client.get("/devices", headers=refresh)
        assert views() == 3


async def test_a_list_hears_of_the_devices_that_it_shows(desk: Browser) -> None:
    token = session_of(desk)
    desk.client.cookies.set(NAME, token)
    page = desk.get("/devices")
    assert f'data-live-events="/devices/events?ids={device_id("lap-1")}"' in page
    before = desk.get(f"/devices/events?ids={device_id('lap-1')}")
    assert f'data-live-seen="{before}"' in page
    desk.store.write(lambda c: devices.retire(c, device_id("lap-1"), desk.clock()))
    assert desk.get(f"/devices/events?ids={device_id('lap-1')}") != before
