"""The operator's webhook is called once for every incident, signed, and nothing else is called."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from collector.audit.reading import newest
from collector.incidents.channel import SIGNATURE, NotTaken, Webhook, checked, signature
from collector.incidents.kinds import alarm
from collector.incidents.telling import Telling
from collector.settings import ChannelSettings
from collector.store import Store, incidents
from tests.collector.audit.log import journal
from tests.fakes import FixedClock


class Receiver(HTTPServer):
    """Answers with what is next in `answers`, then 200; keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """The tests' output stays clean."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def telling(tmp_path: Path, receiver: Receiver) -> Telling:
    clock = FixedClock()
    secret = tmp_path / "secret"
    secret.write_text("of the operator\n")
    store = Store.open(tmp_path / "data", clock=clock)
    store.write(lambda c: incidents.open_or_count(c, alarm("clone", "device:d1", "x"), clock()))
    url = f"http://127.0.0.1:{receiver.server_port}/muster?to=night"
    webhook = Webhook(ChannelSettings(url, secret))
    return Telling(store, journal(tmp_path / "audit", clock), webhook, clock)


def test_an_incident_is_told_once_and_signed(telling: Telling, receiver: Receiver) -> None:
    assert telling.tell_new() == 1
    assert telling.tell_new() == 0
    ((path, headers, body),) = receiver.got
    stamp, _, digest = headers[SIGNATURE].partition(",v1=")
    assert digest == signature(b"of the operator", stamp.removeprefix("t="), body)
    assert path == "/muster?to=night"
    told = json.loads(body)
    assert (told["incident"], told["kind"], told["severity"]) == (1, "clone", "high")


def test_it_is_told_again_until_it_is_taken(telling: Telling, receiver: Receiver) -> None:
    receiver.answers = [500, 302]
    assert [telling.tell_new() for _ in range(4)] == [0, 0, 1, 0]
    assert {path for path, _, _ in receiver.got} == {"/muster?to=night"}


def test_it_is_written_down_once_whatever_the_channel_does(
    telling: Telling, receiver: Receiver
) -> None:
    receiver.answers = [500, 500]
    for _ in range(3):
        telling.tell_new()
    found = newest(telling.journal.folder, 100, "incident")
    assert [(each.action, each.subject) for each in found] == [("incident.opened", "incident:1")]


def test_without_a_channel_the_log_tells(
    telling: Telling, caplog: pytest.LogCaptureFixture
) -> None:
    telling.channel = None
    assert telling.tell_new() == 1
    assert "An incident was opened number=1 kind=clone" in caplog.text


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "0.0.0.0", "fe80::1", "::ffff:169.254.169.254", "224.0.0.1", "::"]
)
def test_addresses_that_are_no_webhook_are_refused(host: str) -> None:
    with pytest.raises(NotTaken, match="is refused"):
        checked(host, 443)


def test_a_webhook_that_nobody_answers_is_said(telling: Telling, receiver: Receiver) -> None:
    receiver.shutdown()
    receiver.server_close()
    assert telling.tell_new() == 0
