"""What real machines said, read by our checks, against what a correct agent must conclude.

Runs with ``make test-recordings``: every folder of the given place whose system has checks is
replayed and compared with the table of its EXPECTED.md. Those folders are not part of the
repository.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.checks import observe_all
from agent.device import inventory
from agent.recordings.replay import Recording, UnusableRecording
from tests.recordings.agreement import agrees
from tests.recordings.conclusions import conclude

ROW = re.compile(r"^\| ([^|]+?) \| ([^|]*?) \|")


@dataclass(frozen=True)
class Expectation:
    host: Path
    fact: str
    cell: str

    def __str__(self) -> str:
        return f"{self.host.name}:{self.fact}"


def expectations(folder: Path) -> list[Expectation]:
    found = []
    for table in sorted(folder.glob("linux-*/EXPECTED.md")):
        rows = [ROW.match(line) for line in table.read_text().splitlines()]
        cells = [(row[1].strip(), row[2].strip()) for row in rows if row]
        found += [
            Expectation(table.parent, fact, cell)
            for fact, cell in cells
            if fact not in ("fact", "---") and not fact.startswith("--")
        ]
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "expectation" in metafunc.fixturenames:
        place = Path(metafunc.config.getoption("--recordings") or "nowhere")
        metafunc.parametrize("expectation", expectations(place), ids=str)


@pytest.mark.recordings
def test_a_real_host_is_read_as_it_must_be(expectation: Expectation) -> None:
    host = Recording(expectation.host)
    seen = {observation.signal: observation for observation in observe_all(host)}
    try:
        ours = conclude(expectation.fact, seen, inventory(host))
    except UnusableRecording as error:
        pytest.fail(f"{expectation.host.name} cannot be read: {error}")
    if ours is None:
        pytest.skip("no signal of ours states this fact")
    assert agrees(expectation.fact, expectation.cell, ours), (
        f"expected {expectation.cell!r}, ours {ours!r}\n"
        + "\n".join(str(observation) for observation in seen.values())
    )
