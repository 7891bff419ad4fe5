"""At the command line: what was sent, a test that says what the server answers, another try."""

from pathlib import Path

import pytest

from collector.store import notifications
from collector.store.notifications import Message, New
from tests.collector.commands.conftest import Console
from tests.collector.desk import Desk
from tests.collector.notify.receivers import mail_server


def put(desk: Desk, *, failed: bool = False) -> None:
    now = desk.clock()
    new = New("k", "failures", "it", Message("1 new \x1b[31m failure"), "bob@example.org")
    desk.store.write(lambda c: notifications.add(c, [new], now, now))
    if failed:
        desk.store.write(lambda c: notifications.refused(c, 1, now, "550 nobody", None))


def settings(console: Console, station_settings: object, folder: Path) -> None:
    address = station_settings.address  # type: ignore[attr-defined]
    (folder / "password").chmod(0o600)
    (console.folder / "collector.toml").write_text(
        f'[mail]\nserver = "{address}"\nfrom = "muster@example.org"\nusername = "alice"\n'
        f'password_file = "{folder}/password"\nauthority = "{folder}/server.pem"\n'
        '[[subscriber]]\nname = "it"\nkind = "mail"\nto = ["it@example.org"]\ntold = ["digest"]\n'
    )


def test_the_log_is_listed(desk: Desk, console: Console) -> None:
    assert console.says("notify", "list") == "Nothing was sent yet.\n"
    put(desk, failed=True)
    assert "550 nobody" in console.says("notify", "list")
    (found,) = console.reads("notify", "list", "--failed")["notifications"]
    assert (found["state"], found["address"]) == ("failed", "bob@example.org")


def test_what_was_given_up_is_tried_again(desk: Desk, console: Console) -> None:
    put(desk, failed=True)
    assert "is tried again" in console.says("notify", "retry", "1")
    assert console.says("notify", "list", "--failed") == "Nothing was given up.\n"
    assert "there is no notification 9" in console.refuses("notify", "retry", "9")
    desk.store.write(lambda c: notifications.taken(c, 1, desk.clock()))
    assert "was sent already" in console.refuses("notify", "retry", "1")


def test_a_test_message_is_sent_now(console: Console, tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail") as station:
        settings(console, station.settings, tmp_path / "mail")
        assert console.says("notify", "test", "it") == "Sent to it@example.org.\n"
        assert [to for to, _ in station.post.got] == ["it@example.org"]
    assert console.reads("notify", "list")["notifications"][0]["state"] == "sent"
    found = console.reads("audit", "list", "--action", "notification")["records"]
    assert [(each["action"], each["outcome"]) for each in found] == [
        ("notification.tested", "done")
    ]


def test_a_test_that_is_refused_says_what_the_server_says(console: Console, tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail") as station:
        station.post.refused = {"it@example.org": "550 5.1.1 nobody here"}
        settings(console, station.settings, tmp_path / "mail")
        said = console.refuses("notify", "test", "it", status=1)
    assert said == "it: the mail server answers 550 5.1.1 nobody here"
    assert console.reads("notify", "list")["notifications"][0]["state"] == "failed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "collector.toml names no 'it'; it names nobody"),
        ("[mail]\n", "mail: server: write HOST:PORT"),
    ],
)
def test_settings_that_do_not_allow_it_are_said(console: Console, text: str, said: str) -> None:
    (console.folder / "collector.toml").write_text(text)
    assert said in console.refuses("notify", "test", "it")
