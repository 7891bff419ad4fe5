"""Mail reaches a real server over TLS that is checked, and each answer of the server is heard."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.errors import HeaderParseError
from http.client import HTTPException
from pathlib import Path

import pytest

from collector.config import Address
from collector.notify.mail import MailServer
from collector.notify.taking import NotTaken, Unreachable
from collector.notify.webhook import post
from collector.store.notifications import Item, Message, Notification
from collector.subscriptions import MailSettings, Security
from tests.collector.notify.receivers import Station, dripping, mail_server

# The mail server of the tests does not see that it is behind TLS from the first byte.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def notice(subject: str = "Two devices fail", address: str = "bob@example.org") -> Notification:
    message = Message(
        subject,
        "Since this morning.",
        (Item("alpha <b>", ("Encrypt the disk & restart",), "https://muster.example/d"),),
        "You may answer nobody.",
        "https://muster.example/devices",
        "Open the devices",
    )
    return Notification(
        *(7, "key", "failures", "it", address, "", subject, message, False, NOW, NOW, 0),
        sent_at=None,
        failed_at=None,
        trouble="",
    )


def send(station: Station, *notices: Notification) -> None:
    with MailServer(station.settings, seconds=2).open() as hand_over:
        for each in notices:
            hand_over(each, NOW)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with mail_server(tmp_path / "mail") as found:
        yield found


@pytest.mark.parametrize("security", [*Security])
def test_a_mail_is_handed_over(tmp_path: Path, security: Security) -> None:
    with mail_server(tmp_path / "mail", security) as station:
        send(station, notice(), notice("Another"))
        ((to, mail), (_, other)) = station.post.got
        assert (to, mail["To"], mail["From"]) == (
            "bob@example.org",
            "bob@example.org",
            "Muster <muster@example.org>",
        )
        assert (mail["Subject"], other["Subject"]) == ("Two devices fail", "Another")
        assert mail["Auto-Submitted"] == "auto-generated"


def test_it_is_text_and_html_that_nothing_breaks_out_of(station: Station) -> None:
    send(station, notice())
    ((_, mail),) = station.post.got
    text, html = (part.get_content().replace("\r\n", "\n") for part in mail.iter_parts())
    assert "* alpha <b>\n  Encrypt the disk & restart" in text
    assert "alpha &lt;b&gt;" in html
    assert "Encrypt the disk &amp; restart" in html


def test_the_same_message_has_the_same_id_whenever_it_is_sent(station: Station) -> None:
    send(station, notice(), notice(), replace(notice(), number=8))
    first, again, other = (mail["Message-ID"] for _, mail in station.post.got)
    assert first == again != other
    assert first.endswith("@example.org>")


@pytest.mark.parametrize(
    "subject",
    [
        "x\r\nBcc: eve@example.org",
        "x\nBcc: eve@example.org\n\nbody",
        "x\x00\x1b[31m\u2028Bcc: eve@example.org",
        "é\r\n\tBcc: eve@example.org",
    ],
)
def test_no_header_can_be_slipped_in(station: Station, subject: str) -> None:
    send(station, notice(subject))
    ((to, mail),) = station.post.got
    assert to == "bob@example.org"
    assert mail["Bcc"] is None
    assert "Bcc: eve@example.org" in mail["Subject"]


def test_no_line_is_longer_than_mail_allows(station: Station) -> None:
    long = replace(notice(), message=Message("é" * 300, "w" * 5_000, (Item("ü" * 3_000),)))
    send(station, long)
    (raw,) = station.post.raw
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    ((_, mail),) = station.post.got
    assert mail.get_body(("plain",)).get_content().startswith("w" * 5_000)  # type: ignore[union-attr]


def test_a_single_dot_and_odd_characters_arrive(station: Station) -> None:
    odd = "one\n.\ntwo \ud800 three \U0001f512"
    send(station, replace(notice(), message=Message("s", "", (Item(odd, (".", "..")),))))
    ((_, mail),) = station.post.got
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.splitlines()[:3] == ["* one . two  three \U0001f512", "  .", "  .."]


def test_an_address_that_is_none_is_no_mail(station: Station) -> None:
    with pytest.raises((ValueError, HeaderParseError)):
        send(station, notice(address="bob@example.org\r\nBcc: eve@example.org"))
    assert station.post.got == []


def test_a_refusal_for_good_is_told_from_one_for_now(station: Station) -> None:
    station.post.refused = {
        "gone@example.org": "550 no such user\r\n",
        "grey@example.org": "450 later",
    }
    for address, lasting in (("gone@example.org", True), ("grey@example.org", False)):
        with pytest.raises(NotTaken) as refused:
            send(station, notice(address=address))
        assert refused.value.lasting is lasting
    station.post.answers = ["554 5.7.1 looks like spam", "451 try again"]
    for lasting in (True, False):
        with pytest.raises(NotTaken, match=r"answers (451 try|554 5\.7\.1 looks)") as refused:
            send(station, notice())
        assert refused.value.lasting is lasting


def test_after_one_refusal_the_next_mail_goes(station: Station) -> None:
    station.post.refused = {"gone@example.org": "550 no"}
    with MailServer(station.settings).open() as hand_over:
        with pytest.raises(NotTaken):
            hand_over(notice(address="gone@example.org"), NOW)
        hand_over(notice(), NOW)
    assert [to for to, _ in station.post.got] == ["bob@example.org"]


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_server_of_another_name_gets_nothing(tmp_path: Path, security: Security) -> None:
    with mail_server(tmp_path / "mail", security, name="other.example") as station:
        with pytest.raises(Unreachable, match="certificate"):
            send(station, notice())
        assert station.post.got == []


def test_a_server_of_an_unknown_authority_gets_nothing(tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail", believed=False) as station:
        with pytest.raises(Unreachable, match="certificate"):
            send(station, notice())
        assert station.post.got == []


def test_a_server_without_starttls_gets_nothing(tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail", Security.NONE) as station:
        wanted = replace(station.settings, security=Security.STARTTLS)
        with pytest.raises(Unreachable, match="Nothing was sent"):
            send(replace(station, settings=wanted), notice())
        assert station.post.got == []


def test_a_wrong_password_is_said_and_not_repeated(tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail", password="wrong-canary") as station:
        with pytest.raises(Unreachable, match="refuses the user name or password") as refused:
            send(station, notice())
        assert "canary" not in str(refused.value)


def test_a_server_that_is_not_there_is_said(station: Station) -> None:
    settings = replace(station.settings, address=replace(station.settings.address, port=1))
    with pytest.raises(Unreachable, match="the mail server: Connection refused"):
        send(replace(station, settings=settings), notice())


@pytest.mark.parametrize("first", [b"", b"220 hello\r\n"])
def test_a_mail_server_that_answers_drop_by_drop_is_not_waited_for(first: bytes) -> None:
    with dripping(first, b"220-wait\r\n") as port:
        settings = MailSettings(Address("127.0.0.1", port), Security.NONE, "muster@example.org")
        server = MailServer(settings, seconds=60, longest=0.3)
        with pytest.raises(Unreachable, match="the mail server: "), server.open():
            pass


def test_a_webhook_that_answers_drop_by_drop_is_not_waited_for() -> None:
    with (
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n") as port,
        pytest.raises((OSError, HTTPException)),
    ):
        post(f"http://127.0.0.1:{port}/", b"{}", {}, None, longest=0.3)
