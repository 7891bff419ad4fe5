"""The person at the screen, and nobody at the login window."""

import pytest

from agent.host import NoUserSession, Unparsable
from agent.macos.console import Person, console_user
from tests.fakes import FakeHost

ACCOUNT = "alice:********:501:20::0:0:Alice:/Users/alice:/bin/zsh\n"


def at(owner: str, **more: str) -> FakeHost:
    return FakeHost(os="macos", commands={"stat -f%u /dev/console": owner + "\n", **more})


def test_the_owner_of_the_console_sits_at_the_screen() -> None:
    host = at("501", **{"id -P 501": ACCOUNT})
    assert console_user(host) == Person(501, "alice", "/Users/alice")


@pytest.mark.parametrize("owner", ["0", "root", "loginwindow", "_mbsetupuser"])
def test_nobody_sits_at_the_login_window(owner: str) -> None:
    with pytest.raises(NoUserSession):
        console_user(at(owner))


def test_setup_assistant_is_nobody() -> None:
    line = "_mbsetupuser:*:248:248::0:0:Setup User:/var/setup:/bin/bash\n"
    with pytest.raises(NoUserSession):
        console_user(at("248", **{"id -P 248": line}))


def test_an_account_that_cannot_be_looked_up_is_called_by_its_number() -> None:
    assert console_user(at("501")) == Person(501, "501", None)


def test_words_are_no_user_id() -> None:
    with pytest.raises(Unparsable):
        console_user(at("stat: /dev/console: no"))
