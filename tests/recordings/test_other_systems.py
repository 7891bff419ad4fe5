"""Recorded Windows and macOS machines, judged by the default policy, against `elsewhere.tsv`.

Their EXPECTED.md is prose, so what it asks for stands in a table here. Runs with
``make test-recordings``.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.recordings.loose import moments
from agent.recordings.replay import Recording
from tests.recordings.verdicts import verdicts

TABLE = Path(__file__).parent / "elsewhere.tsv"


@dataclass(frozen=True)
class Row:
    host: str
    moment: str | None
    rule: str
    status: str

    def __str__(self) -> str:
        return f"{named(self.host, self.moment)}:{self.rule}"


def named(host: str, moment: str | None) -> str:
    return f"{host}@{moment}" if moment else host


def table() -> list[Row]:
    rows = []
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            where, rule, status = line.split("\t")
            host, _, moment = where.partition("@")
            rows.append(Row(host, moment or None, rule, status))
    return rows


def views(place: Path) -> list[tuple[Path, str | None]]:
    """Every folder of the two systems, once for each moment it holds."""
    folders = sorted(f for f in place.glob("*-*") if f.name.startswith(("windows-", "macos-")))
    return [(folder, moment) for folder in folders for moment in moments(folder) or (None,)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    place = Path(metafunc.config.getoption("--recordings") or "nowhere")
    if "row" in metafunc.fixturenames:
        there = [row for row in table() if (place / row.host).is_dir()]
        metafunc.parametrize("row", there, ids=str)
    if "view" in metafunc.fixturenames:
        ids = [named(folder.name, moment) for folder, moment in views(place)]
        metafunc.parametrize("view", views(place), ids=ids)


def agrees(expected: str, status: str) -> bool:
    return status != expected[4:] if expected.startswith("not ") else status == expected


@pytest.mark.recordings
def test_a_machine_is_judged_as_its_facts_demand(row: Row, pytestconfig: pytest.Config) -> None:
    folder = Path(pytestconfig.getoption("--recordings")) / row.host
    status = verdicts(Recording(folder, row.moment))[row.rule]
    assert agrees(row.status, status), f"expected {row.status}, ours is {status}"


@pytest.mark.recordings
def test_nothing_passes_that_the_table_does_not_let_pass(view: tuple[Path, str | None]) -> None:
    folder, moment = view
    passing = {
        row.rule
        for row in table()
        if (row.host, row.moment) == (folder.name, moment) and row.status in ("pass", "not fail")
    }
    status = verdicts(Recording(folder, moment))
    assert {rule for rule, said in status.items() if said == "pass"} <= passing


def test_every_row_of_the_table_is_of_the_form() -> None:
    known = {"pass", "fail", "unknown", "not applicable", "not pass", "not fail"}
    assert table()
    assert {row.status for row in table()} <= known
