"""Releases at the command line: added, promoted and halted, each in the audit log."""

import pytest

from tests.collector.commands.conftest import Console
from tests.collector.desk import Desk


def test_none_at_first(console: Console) -> None:
    assert console.says("release", "list") == (
        "There is no release yet. Add one: muster-collector release add 1.2.0\n"
    )


def test_a_release_goes_from_ring_to_ring_and_is_halted_for_good(
    desk: Desk, console: Console
) -> None:
    console.says("release", "add", "1.2.0")
    console.says("release", "promote", "1.2.0")
    (found,) = console.reads("release", "list")["releases"]
    assert (found["percent"], found["state"]) == (10, "open")
    console.says("release", "halt", "1.2.0", "--reason", "It hangs.")

    assert "It hangs." in console.says("release", "list")
    assert "higher version" in console.refuses("release", "promote", "1.2.0")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "v1"), "in numbers"),
        (("promote", "9.9.9"), "no such release"),
        (("halt", "9.9.9", "--reason", "x"), "no such release"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    console: Console, words: tuple[str, ...], said: str
) -> None:
    assert said in console.refuses("release", *words)


def test_the_same_release_is_not_added_twice(console: Console) -> None:
    console.says("release", "add", "1.2.0")

    assert "already" in console.refuses("release", "add", "1.2.0")
