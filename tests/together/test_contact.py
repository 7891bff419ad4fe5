"""From the helpdesk's page to the laptop and back, with the real agent, within seconds."""

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest

from collector.policy import default_text
from collector.store import Store, commands
from collector.store.commands import Command, CommandAction, CommandOutcome, Wish
from tests.fleet import CollectorProcess
from tests.together.test_main_job import Person, Together

PATIENCE_SECONDS = 100.0
T = TypeVar("T")


def until(found: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
        time.sleep(0.05)
    raise AssertionError("it has not come to be")


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    scratch = tmp_path_factory.mktemp("contact")
    collector = CollectorProcess(scratch / "data", scratch / "collector.log")
    job = Together(scratch, collector, collector.start())
    job.must("agent", "enroll", given=job.must("collector", "token", "create", "--string-only"))
    job.must("agent", "report")
    yield job
    collector.kill()


@pytest.fixture
def store(together: Together) -> Iterator[Store]:
    opened = Store.open(together.scratch / "data", create=False)
    yield opened
    opened.close()


def newest(store: Store, device_id: str) -> Command:
    return store.read(lambda c: commands.of_device(c, device_id, 1))[0]


def done(store: Store, command_id: str, device_id: str) -> Command | None:
    found = store.read(lambda c: commands.of_device(c, device_id))
    return next((one for one in found if one.command_id == command_id and one.done_at), None)


def test_two_who_ask_at_once_have_the_device_check_once(together: Together, store: Store) -> None:
    device_id = together.device()["device_id"]
    with ThreadPoolExecutor(2) as pool:
        words = ("collector", "device", "check-now", device_id)
        said = list(pool.map(lambda _: together.must(*words), range(2)))
    assert sum("Somebody has asked it to check now" in each for each in said) == 1
    together.must("agent", "report")
    asked = store.read(lambda c: commands.of_device(c, device_id))
    assert [one.outcome for one in asked] == [CommandOutcome.DONE]


def test_what_has_expired_is_never_handed_out(together: Together, store: Store) -> None:
    device_id, then = together.device()["device_id"], datetime.now(UTC) - timedelta(hours=25)
    wish = Wish(device_id, CommandAction.CHECK_NOW, "alice")
    asked, _ = store.write(lambda c: commands.ask(c, wish, then))
    together.must("agent", "report")
    found = store.read(lambda c: commands.of_device(c, device_id))
    assert [one.delivered_at for one in found if one.command_id == asked.command_id] == [None]


def test_a_check_on_the_laptop_is_on_the_open_page_within_five_seconds(together: Together) -> None:
    person = Person(together)
    person.settle_in()
    device_id = together.device()["device_id"]
    page = person.get(f"/devices/{device_id}")
    seen = re.search(r'data-live-seen="(\w+)"', page)
    assert seen
    address = f"{together.serving['web']}/devices/{device_id}/events?seen={seen[1]}"
    asked = urllib.request.Request(address, headers={"Accept": "text/event-stream"})
    with person.opener.open(asked, timeout=PATIENCE_SECONDS) as stream:
        assert stream.readline().startswith(b"retry:")
        assert "compliance" in together.must("agent", "check", "--report")
        reported_at = time.monotonic()
        while stream.readline().strip() != b"event: changed":
            assert time.monotonic() - reported_at < 5
    assert "just now" in person.get(f"/devices/{device_id}")


@pytest.mark.timeout(300)
def test_a_connected_agent_checks_within_seconds_of_being_asked(
    together: Together, store: Store
) -> None:
    policy = together.scratch / "policy.toml"
    policy.write_text(default_text().replace('mode = "scheduled"', 'mode = "connected"'))
    together.must("collector", "policy", "apply", str(policy))
    device_id, took = together.device()["device_id"], list[float]()
    state = str(together.scratch / "agent")
    agent = subprocess.Popen(
        [sys.executable, "-m", "agent", "run", "--at-once", "--state", state],
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(2):  # the first may be asked for before the stream is there
            together.must("collector", "device", "check-now", device_id)
            asked, begun = newest(store, device_id).command_id, time.monotonic()
            told = until(partial(done, store, asked, device_id))
            assert told.outcome is CommandOutcome.DONE
            took.append(time.monotonic() - begun)
    finally:
        agent.terminate()
        assert agent.wait(30) == 0
    assert took[-1] < 30  # one look at this machine included
