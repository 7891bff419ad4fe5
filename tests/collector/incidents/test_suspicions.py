"""Security events in the audit log open incidents: alone, or because there are many of them."""

from datetime import timedelta
from pathlib import Path

import pytest

from collector.audit.entry import COLLECTOR, Action, Actor, ActorKind, Entry, Outcome
from collector.incidents.following import follow
from collector.incidents.kinds import KINDS
from collector.incidents.suspicions import ANOMALIES, OF_ACCOUNT, OF_ADDRESS, PLAIN, Suspicions
from collector.store import Store, incidents
from collector.store.incidents import Incident
from tests.collector.audit.log import journal, login
from tests.fakes import FixedClock


class Watch:
    """A log, and who reads it for incidents."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock()
        self.store = Store.open(folder / "data", clock=self.clock)
        self.log = journal(folder / "audit", self.clock)
        self.suspicions = Suspicions()

    def open(self) -> list[Incident]:
        follow(self.store, self.log.folder, self.suspicions, self.clock)
        return self.store.read(lambda c: incidents.list_all(c, open_only=True))


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def failed(account: str = "admin", address: str = "192.0.2.7") -> Entry:
    stranger = Actor(ActorKind.NOBODY, "", address)
    return Entry(Action.LOGIN, stranger, Outcome.FAILED, f"account:{account}")


def anomaly(kind: str, device_id: str = "d1") -> Entry:
    actor = Actor(ActorKind.DEVICE, device_id)
    return Entry(Action.DEVICE_ANOMALY, actor, subject=f"device:{device_id}", detail={"kind": kind})


@pytest.mark.parametrize(("kind", "incident"), ANOMALIES.items())
def test_every_anomaly_opens_its_incident(watch: Watch, kind: str, incident: str) -> None:
    watch.log.append(anomaly(kind))
    (opened,) = watch.open()
    assert (opened.kind, opened.subject) == (incident, "device:d1")
    assert opened.severity == KINDS[incident].severity


@pytest.mark.parametrize(("key", "incident"), PLAIN.items())
def test_what_the_collector_finds_opens_its_incident(
    watch: Watch, key: tuple[Action, Outcome], incident: str
) -> None:
    entry = Entry(key[0], COLLECTOR, key[1], "replica:vault", {"what": "it is gone"})
    watch.log.append(entry)
    (opened,) = watch.open()
    assert (opened.kind, opened.detail) == (incident, "it is gone")


def test_a_certificate_that_ended_is_an_incident_when_it_comes_again_and_again(
    watch: Watch,
) -> None:
    for device_id in ("d2", "d1", "d1", "d1"):
        assert watch.open() == []
        watch.log.append(anomaly("ended certificate", device_id))
        watch.clock.advance(hours=1)
    (opened,) = watch.open()
    assert (opened.kind, opened.subject) == ("certificate_ended", "device:d1")


def test_one_that_is_open_counts_instead_of_opening_again(watch: Watch) -> None:
    watch.log.append(anomaly("hardware changed"))
    watch.open()
    watch.clock.advance(minutes=5)
    watch.log.append(anomaly("hardware changed"), anomaly("hardware changed", "d2"))
    assert [(each.subject, each.times) for each in watch.open()] == [
        ("device:d2", 1),
        ("device:d1", 2),
    ]


def test_guessing_at_one_account_opens_one(watch: Watch) -> None:
    for _ in range(OF_ACCOUNT.count - 1):
        watch.log.append(failed())
        watch.clock.advance(minutes=5)
    assert watch.open() == []
    watch.log.append(failed())
    (opened,) = watch.open()
    assert (opened.kind, opened.subject) == ("login_guessing", "account:admin")


def test_few_failures_over_days_open_none(watch: Watch) -> None:
    for _ in range(3 * OF_ACCOUNT.count):
        watch.log.append(failed())
        watch.clock.advance(hours=3)
        assert watch.open() == []


def test_many_accounts_from_one_address_open_one(watch: Watch) -> None:
    watch.log.append(*(failed(f"user-{number}") for number in range(OF_ADDRESS.count)))
    assert [each.subject for each in watch.open()] == ["address:192.0.2.7"]


def test_tokens_from_many_addresses_written_in_sums_open_one(watch: Watch) -> None:
    stranger = Actor(ActorKind.NOBODY)
    detail = {"times": "250", "why": "many at once"}
    watch.log.append(Entry(Action.DEVICE_ENROLLED, stranger, Outcome.DENIED, "", detail))
    assert "token_guessing" in {each.kind for each in watch.open()}


def test_right_logins_open_none(watch: Watch) -> None:
    watch.log.append(*(login() for _ in range(200)))
    assert watch.open() == []


def test_nothing_is_read_twice_and_nothing_is_passed_over(watch: Watch) -> None:
    watch.log.append(anomaly("hardware changed"))
    watch.open()
    watch.suspicions = Suspicions()  # as after a restart
    watch.log.append(anomaly("hardware changed", "d2"))
    assert sorted(each.times for each in watch.open()) == [1, 1]


def test_what_is_old_when_it_is_first_read_opens_nothing(watch: Watch) -> None:
    watch.log.append(anomaly("hardware changed"))
    watch.clock.advance(days=2)
    assert watch.open() == []


def test_a_log_that_became_shorter_is_an_incident(watch: Watch) -> None:
    watch.log.append(login(), login())
    watch.open()
    path = watch.log.folder / "000001.log"
    path.write_bytes(path.read_bytes()[:300])
    assert [each.kind for each in watch.open()] == ["audit_break"]
    assert timedelta(0) <= watch.clock() - watch.open()[0].opened_at
