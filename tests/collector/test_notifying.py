"""What happens in the store reaches whom it concerns, in their language, once, at their hours."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from collector.model import FormFactor, Language, Platform, Severity, Waiver
from collector.notifying import Notifying, notifying_of
from collector.policy import default_text
from collector.store import (
    Store,
    accounts,
    devices,
    notifications,
    ownership,
    persons,
    policies,
)
from collector.store.accounts import Account
from collector.store.devices import InventoryRow
from collector.store.persons import Person
from collector.subscriptions import Kind, Subscriber, Subscriptions, Topic
from tests.collector.desk import Desk, firewall, posture
from tests.collector.granting import grant
from tests.collector.notify.receivers import Station, mail_server
from tests.fakes import FixedClock

FIREWALL = "firewall_blocks_inbound"


@dataclass
class House:
    """Devices before a collector that tells `it` in English and `dsi` in French by mail."""

    store: Store
    clock: FixedClock
    station: Station
    told: Subscriptions
    notifying: Notifying
    sequences: dict[str, int] = field(default_factory=dict)

    def restart(self) -> None:
        """As after a kill: nothing in memory is left."""
        self.notifying = notifying_of(self.store, self.told, self.clock, "https://m.example")

    def policy(self, text: str) -> None:
        self.store.write(lambda c: policies.add(c, f"{text}\n", self.clock(), "alice"))

    def enrol(self, name: str, owner: str = "", language: str = "") -> None:
        row = InventoryRow(name, Platform.LINUX, FormFactor.LAPTOP, fingerprint={"board": b"b"})
        self.store.write(lambda c: devices.add(c, name, row, self.clock()))
        if owner:
            person = Person(owner, language=language)
            self.store.write(lambda c: persons.put(c, person, self.clock()))
            moved = {name: owner}
            self.store.write(lambda c: ownership.set_owners(c, moved, self.clock(), "alice"))

    def report(self, name: str, *, blocked: bool) -> None:
        desk = Desk(self.store, self.clock, device_id=name)
        number = self.sequences[name] = self.sequences.get(name, 0) + 1
        sent = posture(firewall(blocked=blocked, said="canary-evidence"), hostname=name)
        desk.report(number, sent)

    def minutes(self, count: int = 1) -> None:
        for _ in range(count):
            self.notifying.tick()
            self.clock.advance(minutes=1)

    def got(self, to: str = "it@example.org") -> list[EmailMessage]:
        return [mail for address, mail in self.station.post.got if address == to]

    def subjects(self, to: str = "it@example.org") -> list[str]:
        return [str(mail["Subject"]) for mail in self.got(to)]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = FixedClock()
    store = Store.open(tmp_path / "data", clock=clock)
    store.write(lambda c: policies.add(c, default_text(), clock(), "first start"))
    every = frozenset(Topic)
    with mail_server(tmp_path / "mail") as station:
        told = Subscriptions(
            station.settings,
            (
                Subscriber("it", Kind.MAIL, every, ("it@example.org",)),
                Subscriber(
                    *("dsi", Kind.MAIL, every, ("dsi@example.org",)),
                    least_severity=Severity.CRITICAL,
                    language=Language.FR,
                ),
            ),
        )
        made = House(store, clock, station, told, notifying_of(store, told, clock))
        made.restart()
        made.notifying.tick()  # the daily mail of this day
        station.post.got.clear()
        yield made
    store.close()


def test_a_new_failure_is_told_at_once_and_once(house: House) -> None:
    house.enrol("alpha")
    house.report("alpha", blocked=False)
    house.minutes()
    assert house.subjects() == ["1 new failure"]
    (mail,) = house.got()
    assert "Fails on 1 device: The firewall blocks inbound traffic" in text_of(mail)
    assert "alpha" in text_of(mail)
    assert f"https://m.example/devices?rule={FIREWALL}" in text_of(mail)
    house.restart()
    house.minutes(30)
    assert len(house.got()) == 1
    assert house.got("dsi@example.org") == []


def test_a_mail_never_holds_what_was_seen_on_a_device(house: House) -> None:
    house.enrol("alpha", "bob@example.org")
    house.policy('[notifications]\nowners = "at_once"')
    house.report("alpha", blocked=False)
    house.minutes()
    assert len(house.station.post.raw) > 1
    for mail in [*house.got(), *house.got("bob@example.org")]:
        assert "canary" not in text_of(mail)


def test_what_passes_again_before_it_is_told_is_not_told(house: House) -> None:
    house.enrol("alpha")
    house.report("alpha", blocked=False)
    house.clock.advance(minutes=1)
    house.report("alpha", blocked=True)
    house.minutes(15)
    assert house.got() == []


def test_what_is_waived_is_not_told(house: House) -> None:
    house.enrol("alpha")
    now = house.clock()
    granted = Waiver("alpha", FIREWALL, "x", "alice", now, now + timedelta(days=30))
    house.store.write(lambda c: grant(c, granted))
    house.report("alpha", blocked=False)
    house.minutes(2)
    assert house.got() == []


def test_a_burst_is_one_message(house: House) -> None:
    house.policy('[notifications]\nowners = "at_once"')
    for number in range(40):
        house.enrol(f"lap-{number:02}", f"p{number}@example.org")
        house.report(f"lap-{number:02}", blocked=False)
    house.minutes(30)
    assert house.subjects() == ["40 new failures"]
    assert "lap-04 and 35 more" in text_of(house.got()[0])
    assert len(house.station.post.got) == 1, "owners hear of a flood once a day"


def test_after_a_first_message_the_next_ones_wait_for_each_other(house: House) -> None:
    for number in range(4):
        house.enrol(f"lap-{number}")
        house.report(f"lap-{number}", blocked=False)
        house.minutes()
    assert house.subjects() == ["1 new failure"]
    house.minutes(10)
    assert house.subjects() == ["1 new failure", "3 new failures"]


def test_at_night_it_waits_for_the_morning(house: House) -> None:
    house.clock.advance(hours=10)  # 22:00
    house.enrol("alpha")
    house.report("alpha", blocked=False)
    house.minutes(5)
    assert house.got() == []
    house.clock.advance(hours=9)
    house.minutes()
    assert house.subjects() == ["1 new failure"]


def test_an_owner_hears_of_their_own_device_in_their_language(house: House) -> None:
    house.policy('[notifications]\nowners = "at_once"')
    house.enrol("alpha", "chloe@example.org", "fr")
    house.enrol("beta", "bob@example.org", "en")
    house.report("alpha", blocked=False)
    house.report("beta", blocked=False)
    house.minutes()
    (mail,) = house.got("chloe@example.org")
    assert mail["Content-Language"] == "fr"
    assert "pare-feu" in text_of(mail).lower()
    assert "beta" not in text_of(mail)
    (other,) = house.got("bob@example.org")
    assert str(other["Subject"]) == "Your device beta needs something done"
    assert "ufw" in text_of(other).lower() or "firewall" in text_of(other).lower()


def test_what_an_owner_chose_for_their_account_goes_before_the_list_of_owners(
    house: House,
) -> None:
    house.policy('[notifications]\nowners = "at_once"')
    house.enrol("alpha", "chloe@example.org", "en")
    account = Account("chloe@example.org", "hash", house.clock(), "viewer", language="fr")
    house.store.write(lambda c: accounts.add(c, account))
    house.report("alpha", blocked=False)
    house.minutes()
    (mail,) = house.got("chloe@example.org")
    assert mail["Content-Language"] == "fr"


def test_owners_hear_nothing_unless_the_policy_says_so(house: House) -> None:
    house.enrol("alpha", "bob@example.org")
    house.report("alpha", blocked=False)
    house.clock.advance(days=1)
    house.minutes(15)
    assert house.got("bob@example.org") == []


def test_the_daily_mail_goes_once_a_day_at_its_hour(house: House) -> None:
    house.policy('time_zone = "Europe/Paris"\n[notifications]\nowners = "daily"')
    house.enrol("alpha", "bob@example.org")
    house.enrol("beta", "carol@example.org")
    house.report("alpha", blocked=False)
    house.report("beta", blocked=True)
    house.minutes()
    house.station.post.got.clear()
    house.clock.advance(hours=18, minutes=-5)  # 06:55 in Paris
    house.minutes(3)
    assert house.subjects("bob@example.org") == []
    house.clock.advance(hours=1)
    house.minutes(3)
    house.restart()
    house.minutes(60)
    assert house.subjects("bob@example.org") == ["Your device alpha needs something done"]
    assert house.subjects("carol@example.org") == []
    assert house.subjects() == ["The fleet today: 1 non-compliant"]
    (french,) = house.subjects("dsi@example.org")
    assert french != "The fleet today: 1 non-compliant"


def test_a_kill_between_the_people_and_the_end_of_the_day_tells_nobody_twice(house: House) -> None:
    house.policy('[notifications]\nowners = "daily"')
    house.enrol("alpha", "bob@example.org")
    house.report("alpha", blocked=False)
    house.clock.advance(days=1)
    daily = house.notifying.daily
    day = (house.clock()).date()
    policy = house.store.read(house.notifying.policies.current)
    assert daily._people(policy, day, house.clock()) == 1
    house.restart()
    house.minutes(5)
    assert len(house.got("bob@example.org")) == 1


def test_who_has_left_hears_nothing(house: House) -> None:
    house.policy('[notifications]\nowners = "daily"')
    house.enrol("alpha", "bob@example.org")
    gone = Person("bob@example.org", left_at=house.clock())
    house.store.write(lambda c: persons.put(c, gone, house.clock()))
    house.report("alpha", blocked=False)
    house.clock.advance(days=1)
    house.minutes(5)
    assert house.got("bob@example.org") == []


def test_a_waiver_that_ends_is_named_once(house: House) -> None:
    house.enrol("alpha")
    now = house.clock()
    granted = Waiver("alpha", FIREWALL, "x", "alice", now, now + timedelta(days=9))
    house.store.write(lambda c: grant(c, granted))
    for _ in range(10):
        house.clock.advance(days=1)
        house.minutes(2)
    named = [subject for subject in house.subjects() if "waiver" in subject]
    assert named == ["1 waiver ends soon"]


def test_a_mail_server_that_is_down_for_hours_loses_nothing(house: House) -> None:
    house.station.post.answers = ["451 not now"] * 4
    house.enrol("alpha")
    house.report("alpha", blocked=False)
    house.minutes(5)
    house.restart()
    house.minutes(20)
    assert house.subjects() == ["1 new failure"]


def test_what_was_read_is_dropped(house: House) -> None:
    house.enrol("alpha")
    house.report("alpha", blocked=False)
    house.minutes(30)
    rows = house.store.read(lambda c: c.exec_driver_sql("SELECT * FROM new_failure").all())
    assert rows == []
    sent = house.store.read(lambda c: notifications.newest(c, limit=10))
    assert [each.message for each in sent] == [None] * len(sent)
