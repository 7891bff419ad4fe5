"""An incident is told once by every way that was set, in the language of whoever is told."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from collector.audit.reading import newest
from collector.incidents.kinds import alarm
from collector.incidents.telling import Telling
from collector.model import Language
from collector.notify.delivering import Delivering, open_channels
from collector.store import Store, incidents
from collector.subscriptions import EMERGENCY, Kind, Subscriber, Subscriptions, Topic
from tests.collector.audit.log import journal
from tests.collector.notify.receivers import Receiver, Station, mail_server, receiving
from tests.fakes import FixedClock

INCIDENTS = frozenset({Topic.INCIDENTS})


@dataclass
class Night:
    """One incident that nobody was told of yet."""

    telling: Telling
    delivering: Delivering
    receiver: Receiver
    station: Station
    clock: FixedClock

    def minutes(self, count: int) -> None:
        for _ in range(count):
            self.telling.tell_new()
            self.delivering.deliver_due()
            self.clock.advance(minutes=1)

    def told(self) -> bool:
        return self.telling.store.read(incidents.untold) == []


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    clock = FixedClock()
    secret = tmp_path / "secret"
    secret.write_text("of the operator\n")
    store = Store.open(tmp_path / "data", clock=clock)
    store.write(lambda c: incidents.open_or_count(c, alarm("clone", "device:d1", "x"), clock()))
    with receiving() as receiver, mail_server(tmp_path / "mail") as station:
        to = ("night@example.org",)
        url = receiver.url
        told = Subscriptions(
            station.settings,
            (
                Subscriber(
                    EMERGENCY, Kind.WEBHOOK, INCIDENTS, url=url, secret_file=secret, urgent=True
                ),
                Subscriber(f"{EMERGENCY}-mail", Kind.MAIL, INCIDENTS, to, urgent=True),
                Subscriber("it", Kind.MAIL, INCIDENTS, ("it@example.org",), language=Language.FR),
            ),
        )
        telling = Telling(store, journal(tmp_path / "audit", clock), told, clock, "https://m")
        channels = open_channels(told)
        yield Night(telling, Delivering(store, channels, clock), receiver, station, clock)
    store.close()


def test_an_incident_is_told_once_by_each_way(night: Night) -> None:
    assert not night.told()
    night.minutes(4)
    assert night.told()
    ((_, _, body),) = night.receiver.got
    told = json.loads(body)
    assert (told["incident"], told["kind"], told["severity"]) == (1, "clone", "high")
    by_mail = {to: mail["Subject"] for to, mail in night.station.post.got}
    assert by_mail == {
        "night@example.org": "Incident (high): A device may have a copy",
        "it@example.org": "Incident (high) : A device may have a copy",
    }


def test_it_is_tried_until_it_is_taken(night: Night) -> None:
    night.receiver.answers = [500, 302]
    night.station.post.refused = dict.fromkeys(("night@example.org", "it@example.org"), "451 no")
    night.minutes(1)
    assert not night.told()
    night.minutes(7)
    assert night.told()
    assert len(night.receiver.got) == 3


def test_it_is_written_down_once_whatever_the_channel_does(night: Night) -> None:
    night.receiver.answers = [500, 500]
    night.minutes(3)
    found = newest(night.telling.journal.folder, 100, "incident")
    assert [(each.action, each.subject) for each in found] == [("incident.opened", "incident:1")]


def test_without_a_channel_the_log_tells(night: Night, caplog: pytest.LogCaptureFixture) -> None:
    night.telling.told = Subscriptions()
    assert night.telling.tell_new() == 0
    assert night.told()
    assert "An incident was opened number=1 kind=clone" in caplog.text


def test_who_only_listens_is_told_where_nobody_is_called_at_night(night: Night) -> None:
    told = night.telling.told
    night.telling.told = replace(told, subscribers=told.subscribers[2:])
    night.minutes(2)
    assert night.told()
    assert [to for to, _ in night.station.post.got] == ["it@example.org"]
