"""Doubted checks at the command line: listed, and decided about until they are right."""

import pytest

from collector.store import disputes
from collector.store.disputes import SYSTEM, Place, Turned
from tests.collector.commands.conftest import Console
from tests.collector.desk import RULE, Desk


@pytest.fixture
def doubted(desk: Desk, console: Console) -> Console:
    found = Turned(RULE, Place(SYSTEM, "linux 6.8\x1b[31m"), 12)
    desk.store.write(lambda c: disputes.open_one(c, found, 30, desk.clock()))
    return console


def test_none_at_first(console: Console) -> None:
    assert console.says("dispute", "list") == "No check was ever doubted.\n"


def test_it_is_listed_and_decided(doubted: Console) -> None:
    assert "12 of 30 devices" in doubted.says("dispute", "list")
    doubted.says("dispute", "resolve", "1", "--wrong-until", "0.4.0", "--reason", "A bug.")
    (found,) = doubted.reads("dispute", "list")["disputes"]
    assert (found["state"], found["until_version"]) == ("wrong", "0.4.0")


def test_that_a_check_is_wrong_can_be_thought_over_and_that_it_is_right_cannot(
    doubted: Console,
) -> None:
    doubted.says("dispute", "resolve", "1", "--wrong-until", "0.4.0", "--reason", "A bug.")
    doubted.says("dispute", "resolve", "1", "--right", "--reason", "The devices were mended.")
    (found,) = doubted.reads("dispute", "list")["disputes"]
    assert (found["state"], found["until_version"]) == ("right", "")
    assert "resolved already" in doubted.refuses(
        "dispute", "resolve", "1", "--right", "--reason", "x"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("1", "--reason", "x"), "give either --right or --wrong-until"),
        (("1", "--right", "--wrong-until", "1", "--reason", "x"), "give either"),
        (("1", "--wrong-until", "soon", "--reason", "x"), "until: give the version"),
        (("1", "--right", "--reason", " "), "reason: write at least a word"),
        (("9", "--right", "--reason", "x"), "there is no dispute 9"),
    ],
)
def test_what_cannot_be_is_said(doubted: Console, words: tuple[str, ...], said: str) -> None:
    assert said in doubted.refuses("dispute", "resolve", *words)
    assert doubted.reads("audit", "list", "--action", "dispute")["records"] == []
