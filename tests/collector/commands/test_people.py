"""Owners and groups at the command line: said before it is done, and refused in one line."""

from pathlib import Path

import pytest

from collector.store import devices
from collector.store.forgetting import tables_about_devices
from collector.store.schema import metadata
from tests.collector.commands.conftest import Console
from tests.collector.desk import BAD, Desk

OWNERS = "email,name,device,leaver date\nalice@example.org,Alice,alpha,\nbob@example.org,Bob,,\n"


@pytest.fixture
def owners(tmp_path: Path) -> str:
    file = tmp_path / "owners.csv"
    file.write_text(OWNERS)
    return str(file)


def test_a_file_is_first_said_and_then_done(desk: Desk, console: Console, owners: str) -> None:
    said = console.says("people", "import", owners)
    assert "2  people who are new" in said
    assert "give --apply" in said
    assert console.reads("people", "list")["people"] == []
    assert console.reads("people", "import", owners, "--apply")["applied"] is True
    assert "Nothing to change." in console.says("people", "import", owners, "--apply")
    shown = console.reads("people", "show", "ALICE@example.org")
    assert shown["owns"] == [{"device_id": "d1", "hostname": "alpha"}]
    assert "alpha (d1)" in console.says("people", "show", "alice@example.org")
    only = console.reads("people", "list", "--only", "without-device")
    assert [each["email"] for each in only["people"]] == ["bob@example.org"]
    assert "bob@example.org" in console.says("people", "list", "--search", "bo")


def test_a_file_that_is_wrong_is_refused_with_its_lines(
    desk: Desk, console: Console, tmp_path: Path
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("email,name\nx,\ny@example.org,=1\n")
    result = console.run("people", "import", str(file), "--apply")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "bad.csv: line 3: name: '=1' begins like a formula: write it as plain text"
    ]
    assert "cannot be read" in console.refuses("people", "import", str(tmp_path / "none.csv"))


def test_an_owner_is_set_and_taken_away(desk: Desk, console: Console) -> None:
    said = console.says("device", "owner", "alpha", "Alice@example.org")
    assert said == "alpha (d1) belongs to Alice@example.org.\n"
    assert console.reads("people", "show", "alice@example.org")["devices"] == 1
    assert console.refuses("device", "owner", "alpha", "alice").startswith("The owner: write an")
    console.says("device", "owner", "alpha")
    assert console.reads("people", "show", "alice@example.org")["devices"] == 0
    assert "is forgotten" in console.says("people", "forget", "alice@example.org", "--yes")
    assert "nobody has the address" in console.refuses("people", "show", "alice@example.org")


def test_groups_are_made_filled_and_taken_away(desk: Desk, console: Console) -> None:
    assert "There is no group yet" in console.says("group", "list")
    console.says("group", "make", "sales", "--description", "All of sales")
    assert "There is a group sales already" in console.refuses("group", "make", "sales")
    assert console.refuses("group", "make", "Sales!").startswith("The name: 1 to 48 small letters")
    assert console.says("group", "add", "sales", "alpha") == "1 device came into sales.\n"
    assert console.reads("group", "list")["groups"][0]["devices"] == 1
    shown = console.reads("group", "show", "sales")
    assert shown["members"] == [{"device_id": "d1", "hostname": "alpha"}]
    console.says("group", "describe", "sales", "--contact", "it@example.org")
    assert console.says("group", "show", "sales").splitlines()[:2] == [
        "All of sales",
        "Ask it@example.org.",
    ]
    assert console.refuses("group", "describe", "sales").startswith("give --description")
    assert console.refuses("group", "show", "none").startswith("no group 'none'")
    assert "no device 'beta'" in console.refuses("group", "add", "sales", "beta")
    assert console.says("group", "drop", "sales", "d1") == "1 device went out of sales.\n"
    assert console.says("device", "groups", "alpha", "sales") == "alpha (d1) is in sales.\n"
    assert "There is no group" in console.refuses("device", "groups", "alpha", "none")
    console.says("group", "remove", "sales")
    assert "There is no group" in console.refuses("group", "remove", "sales")
    assert desk.events() == ["groups changed"]


def test_forgetting_leaves_no_row_that_names_the_device(desk: Desk, console: Console) -> None:
    desk.report(1, BAD)
    console.says("device", "owner", "alpha", "alice@example.org")
    assert "nobody is there to ask" in console.refuses("device", "forget", "alpha")
    assert console.says("device", "forget", "alpha", "--yes") == "alpha (d1) is forgotten.\n"
    assert {"device", "inventory", "report", "finding", "ownership"} < set(tables_about_devices())
    rows = desk.store.read(
        lambda c: [
            str(row) for table in metadata.sorted_tables for row in c.execute(table.select())
        ]
    )
    assert not [row for row in rows if "alpha" in row or "'d1'" in row]
    assert desk.store.read(lambda c: devices.get(c, "d1")) is None
    assert console.reads("people", "show", "alice@example.org")["devices"] == 0
