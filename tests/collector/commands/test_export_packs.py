"""The packs of the collector are listed and taken away at the command line."""

from datetime import timedelta
from pathlib import Path

import pytest

from collector.export.desk import Desk as Office
from collector.export.making import Making
from collector.settings import read_settings
from collector.store import deliveries, exports
from tests.collector.commands.conftest import Console
from tests.collector.desk import GOOD, Desk
from tests.fakes import runs_ahead


@pytest.fixture
def place(desk: Desk, console: Console, tmp_path: Path) -> Path:
    """Where the settings say that packs go; one pack that is there."""
    folder = tmp_path / "share"
    folder.mkdir()
    text = f'[[export_to]]\nname = "share"\nkind = "directory"\npath = "{folder}"\n'
    (console.folder / "collector.toml").write_text(text)
    desk.report(1, GOOD)
    now = desk.clock()
    desk.store.write(lambda c: exports.ask(c, "all", now, "alice", now))
    office = Office.of(desk.store, console.folder)
    settings = read_settings(console.folder).exports
    Making(office, settings, desk.clock).make(1, lambda phase, told: None)
    return folder


def test_nothing_was_made_yet(desk: Desk, console: Console) -> None:
    assert console.says("export", "list") == "No pack was made yet.\n"


def test_the_schedule_is_said(place: Path, console: Console) -> None:
    said = console.run("export", "schedule").stdout
    assert "Next: Sunday 2026-11-22 23:59 UTC" in said
    assert f"To share: directory, {place} (all)" in said


def test_a_pack_is_taken_and_listed(place: Path, desk: Desk, console: Console) -> None:
    (listed,) = console.reads("export", "list")["packs"]
    assert (listed["phase"], listed["deliveries"]) == ("done", [])
    assert console.says("export", "deliver", listed["name"]) == "share: taken\n"
    assert [path.name for path in place.iterdir()] == [listed["name"]]
    assert "share: sent" in console.says("export", "list")
    (delivery,) = desk.store.read(lambda c: deliveries.of_run(c, 1))
    assert delivery.attempts == 1


def test_one_that_is_being_made_says_how_far_it_is(desk: Desk, console: Console) -> None:
    now = desk.clock()
    desk.store.write(lambda c: exports.ask(c, "all", now, "", now))
    assert "so far" not in console.says("export", "list")
    desk.store.write(lambda c: exports.advance(c, 1, "devices", 1234))
    said = console.says("export", "list")
    assert "devices     all" in said
    assert "1234 devices so far" in said


def test_one_that_cannot_be_taken_says_why(place: Path, console: Console) -> None:
    place.rmdir()
    result = console.run("export", "deliver", "1")
    assert result.exit_code == 1
    assert f"share: {place} is no folder: make or mount it" in result.stderr


def test_what_is_not_there_is_one_line(place: Path, console: Console) -> None:
    assert "no pack '../x' is kept here" in console.refuses("export", "deliver", "../x")
    assert "goes to share" in console.refuses("export", "deliver", "1", "--to", "moon")


def test_the_schedule_says_that_it_waits_for_the_clock(place: Path, console: Console) -> None:
    runs_ahead(console.folder, timedelta(days=3))
    said = console.run("export", "schedule").stdout
    assert "Waits: the clock is ahead by 3 days" in said
    assert "after 1 day it is believed" in said
