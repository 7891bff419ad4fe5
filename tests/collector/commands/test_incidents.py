"""Incidents at the command line: listed, shown, noted on, closed, and every change written down."""

import pytest

from collector.incidents.kinds import alarm
from collector.store import incidents
from tests.collector.commands.conftest import Console
from tests.collector.desk import Desk


@pytest.fixture
def opened(desk: Desk, console: Console) -> Console:
    found = alarm("clone", "device:d1", "another board \x1b[31m")
    desk.store.write(lambda c: incidents.open_or_count(c, found, desk.clock()))
    return console


def audited(console: Console) -> list[str]:
    found = console.reads("audit", "list", "--action", "incident")["records"]
    return [f"{each['action']} {each['outcome']} {each['on']}" for each in found]


def test_none_is_open_at_first(console: Console) -> None:
    assert console.says("incident", "list") == "No incident is open.\n"


def test_open_ones_are_listed_and_shown(opened: Console) -> None:
    assert "A device may have a copy" in opened.says("incident", "list")
    assert "Find both machines" in opened.says("incident", "show", "1")
    assert opened.reads("incident", "list")["incidents"][0]["subject"] == "device:d1"


def test_analysis_is_noted_and_the_incident_closed(opened: Console) -> None:
    opened.says("incident", "note", "1", "Two laptops, one image.")
    opened.says("incident", "close", "1", "--cause", "A cloned image", "--consequence", "Enrolled")
    shown = opened.says("incident", "show", "1")
    assert "Two laptops, one image. (alice)" in shown
    assert "A cloned image" in shown
    assert opened.says("incident", "list") == "No incident is open.\n"
    assert "(closed)" in opened.says("incident", "list", "--all")
    assert audited(opened) == ["incident.noted done incident:1", "incident.closed done incident:1"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "7"), "there is no incident 7"),
        (("note", "7", "x"), "there is no incident 7"),
        (("note", "1", " "), "TEXT: write at least a word"),
        (("close", "1", "--cause", "", "--consequence", "x"), "--cause: write at least a word"),
        (("show", "none"), "is not a valid integer"),
    ],
)
def test_what_cannot_be_is_said_and_not_written_down(
    opened: Console, words: tuple[str, ...], said: str
) -> None:
    assert said in opened.refuses("incident", *words)
    assert audited(opened) == []


def test_it_is_closed_once(opened: Console) -> None:
    words = ("incident", "close", "1", "--cause", "a", "--consequence", "b")
    opened.says(*words)
    assert opened.refuses(*words) == "incident 1 is closed already"
