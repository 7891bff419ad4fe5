"""What lies in the outbox goes out once; what is not taken is tried later, and then given up."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from collector.notify.delivering import MOST_ATTEMPTS, Delivering, open_channels
from collector.notify.mail import MailServer
from collector.notify.taking import Unreachable
from collector.notify.webhook import SIGNATURE, checked, signature
from collector.store import Store, notifications
from collector.store.notifications import Item, Message, New, Notification
from collector.subscriptions import EMERGENCY, Kind, Subscriber, Subscriptions, Topic
from tests.collector.notify.receivers import Receiver, Station, mail_server, receiving
from tests.fakes import FixedClock

ALL = frozenset(Topic)
NASTY = Message(
    "<!channel> *bold* [a](https://evil.example)",
    "Since *this* morning & <@U1>.",
    (Item("lap`1` https://evil.example", ("do <this>",)),),
    link="https://muster.example/devices?a=1&b=2",
    link_words="Open",
)


@dataclass
class Office:
    """A store, a mail server, a webhook, and everybody who may be told."""

    store: Store
    clock: FixedClock
    station: Station
    receiver: Receiver
    delivering: Delivering

    def put(self, *keys: str, target: str = "it", message: Message = NASTY) -> int:
        address = "bob@example.org" if target == "it" else ""
        new = [New(key, Topic.FAILURES, target, message, address) for key in keys]
        return self.store.write(lambda c: notifications.add(c, new, self.clock(), self.clock()))

    def minutes(self, count: int) -> list[int]:
        done = []
        for _ in range(count):
            done.append(self.delivering.deliver_due())
            self.clock.advance(minutes=1)
        return done

    def one(self, number: int = 1) -> Notification:
        found = self.store.read(lambda c: notifications.get(c, number))
        assert found is not None
        return found


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    clock = FixedClock()
    store = Store.open(tmp_path / "data", clock=clock)
    secret, url = tmp_path / "secret", tmp_path / "url"
    secret.write_text("of the operator\n")
    with mail_server(tmp_path / "mail") as station, receiving() as receiver:
        url.write_text(f"{receiver.url}\n")
        told = Subscriptions(
            station.settings,
            (
                Subscriber("it", Kind.MAIL, ALL, ("bob@example.org",)),
                Subscriber(EMERGENCY, Kind.WEBHOOK, ALL, url=receiver.url, secret_file=secret),
                Subscriber("slack", Kind.SLACK, ALL, url_file=url),
                Subscriber("teams", Kind.TEAMS, ALL, url_file=url),
            ),
        )
        channels = open_channels(told)
        yield Office(store, clock, station, receiver, Delivering(store, channels, clock))
    store.close()


def test_each_is_sent_once_and_what_it_said_is_dropped(office: Office) -> None:
    assert office.put("one", "two", "one") == 2
    assert office.put("two") == 0
    assert office.minutes(3) == [2, 0, 0]
    assert len(office.station.post.got) == 2
    sent = office.one()
    assert (sent.message, sent.next_at, sent.attempts) == (None, None, 1)
    assert sent.sent_at is not None
    assert office.put("one") == 0


def test_what_is_refused_for_now_is_tried_later_and_later(office: Office) -> None:
    office.station.post.answers = ["451 greylisted"] * 4
    office.put("one")
    assert office.minutes(20) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    ids = {mail["Message-ID"] for _, mail in office.station.post.got}
    assert (len(ids), office.one().attempts, office.one().trouble) == (1, 5, "")


def test_what_is_refused_for_good_is_given_up_at_once(office: Office) -> None:
    office.station.post.refused = {"bob@example.org": "550 no such user"}
    office.put("one")
    office.minutes(5)
    failed = office.one()
    assert (failed.attempts, failed.next_at) == (1, None)
    assert failed.trouble == "the mail server answers 550 no such user"


def test_it_is_given_up_after_a_day_and_a_person_may_try_again(office: Office) -> None:
    office.station.post.answers = ["451 no"] * MOST_ATTEMPTS
    office.put("one")
    started = office.clock()
    while office.one().failed_at is None:
        office.delivering.deliver_due()
        office.clock.advance(minutes=30)
    assert timedelta(hours=12) < office.clock() - started < timedelta(days=2)
    assert office.one().attempts == MOST_ATTEMPTS
    assert office.store.write(lambda c: notifications.retry(c, 1, office.clock()))
    assert office.minutes(2) == [1, 0]
    assert not office.store.write(lambda c: notifications.retry(c, 1, office.clock()))


def test_a_way_that_is_down_holds_up_no_other(office: Office) -> None:
    settings = office.station.settings
    nowhere = replace(settings, address=replace(settings.address, port=1))
    office.delivering.channels = {**office.delivering.channels, "it": MailServer(nowhere)}
    office.put("one", "two")
    office.put("three", target="slack")
    assert office.minutes(1) == [1]
    assert [office.one(n).attempts for n in (1, 2, 3)] == [1, 1, 1]


def test_whom_the_settings_name_no_more_is_given_up(office: Office) -> None:
    office.put("one", target="gone")
    office.minutes(1)
    assert office.one().trouble == "collector.toml names nobody so"


def test_a_crash_after_the_server_took_it_sends_the_same_message_id(
    office: Office,
) -> None:
    office.put("one")
    (waiting,) = office.store.read(lambda c: notifications.due(c, office.clock(), 10))
    with office.delivering.channels["it"].open() as send:
        send(waiting, office.clock())
    office.minutes(1)
    first, again = office.station.post.got
    assert first[1]["Message-ID"] == again[1]["Message-ID"]


def test_a_webhook_is_signed(office: Office) -> None:
    office.put("one", target=EMERGENCY)
    assert office.minutes(2) == [1, 0]
    ((path, headers, body),) = office.receiver.got
    stamp, _, digest = headers[SIGNATURE].partition(",v1=")
    assert digest == signature(b"of the operator", stamp.removeprefix("t="), body)
    assert path == "/muster?to=night"
    told = json.loads(body)
    assert (told["key"], told["subject"]) == ("one", NASTY.subject)


def test_a_webhook_that_leads_elsewhere_is_not_followed(office: Office) -> None:
    office.receiver.answers = [302, 500]
    office.put("one", target=EMERGENCY)
    assert sum(office.minutes(8)) == 1
    assert {path for path, _, _ in office.receiver.got} == {"/muster?to=night"}


def test_slack_is_told_nothing_that_it_takes_for_a_command(office: Office) -> None:
    office.put("one", target="slack")
    office.minutes(1)
    ((_, headers, body),) = office.receiver.got
    assert SIGNATURE not in headers
    text = json.loads(body)["text"]
    assert text.splitlines() == [
        "*`&lt;!channel&gt; *bold* [a](https://evil.example)`*",
        "Since *this* morning &amp; &lt;@U1&gt;.",
        "• `lap'1' https://evil.example`",
        "   `do &lt;this&gt;`",
        "<https://muster.example/devices?a=1&amp;b=2|Open>",
    ]


def test_teams_gets_a_card_without_markdown(office: Office) -> None:
    office.put("one", target="teams")
    office.minutes(1)
    ((_, _, body),) = office.receiver.got
    (attachment,) = json.loads(body)["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert card["body"][0]["inlines"][0]["text"] == NASTY.subject
    assert card["actions"][0]["url"] == NASTY.link


@pytest.mark.parametrize("target", ["slack", "teams"])
def test_a_long_message_is_cut_to_what_a_chat_takes(office: Office, target: str) -> None:
    items = tuple(Item("<" * 400, ("&" * 400,) * 5) for _ in range(60))
    office.put("one", target=target, message=Message("s", "", items, link="https://m.example"))
    assert office.minutes(1) == [1]
    ((_, _, body),) = office.receiver.got
    assert len(body) < 28_000


@pytest.mark.parametrize("answer", [200, 500, 401])
def test_the_secret_of_a_webhook_is_never_sent_kept_or_logged(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: int
) -> None:
    """It signs what is sent; whoever receives has it already."""
    caplog.set_level(logging.DEBUG)
    (tmp_path / "secret").write_text("canary of the webhook\n")
    office.receiver.answers = [answer]
    office.put("one", target=EMERGENCY)
    office.minutes(1)
    sent = str(office.receiver.got)
    assert office.receiver.got
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir())
    assert "canary" not in sent + caplog.text + office.one().trouble
    assert b"canary" not in kept


def test_the_secret_address_of_a_chat_is_never_repeated(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "url").write_text("https://127.0.0.1:1/canary-secret")
    office.put("one", target="slack")
    office.minutes(1)
    assert "cannot be called" in office.one().trouble
    assert "canary" not in caplog.text + office.one().trouble


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "0.0.0.0", "fe80::1", "::ffff:169.254.169.254", "224.0.0.1", "::"]
)
def test_addresses_that_are_no_webhook_are_refused(host: str) -> None:
    with pytest.raises(Unreachable, match="is refused"):
        checked(host, 443)


def test_old_ones_are_forgotten(office: Office) -> None:
    office.put("one")
    office.clock.advance(days=91)
    office.put("two")
    before = office.clock() - timedelta(days=90)
    assert office.store.write(lambda c: notifications.forget(c, before)) == 1
    assert [n.dedup_key for n in office.store.read(notifications.newest)] == ["two"]
