"""What machines said, read by our checks, against what a correct agent must conclude.

Every folder in ``hosts`` is replayed and compared with the table of its EXPECTED.md. With
``make test-recordings`` so is every Linux folder of another place, outside the repository.
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

OURS = Path(__file__).parent / "hosts"
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
        elsewhere = Path(metafunc.config.getoption("--recordings") or "nowhere")
        metafunc.parametrize("expectation", expectations(elsewhere), ids=str)
    if "our_expectation" in metafunc.fixturenames:
        metafunc.parametrize("our_expectation", expectations(OURS), ids=str)


def compare(expectation: Expectation) -> str | None:
    """Our words for the fact; None when no signal states it. Fails when they do not agree."""
    host = Recording(expectation.host)
    seen = {observation.signal: observation for observation in observe_all(host)}
    try:
        ours = conclude(expectation.fact, seen, inventory(host))
    except UnusableRecording as error:
        pytest.fail(f"{expectation.host.name} cannot be read: {error}")
    assert ours is None or agrees(expectation.fact, expectation.cell, ours), (
        f"expected {expectation.cell!r}, ours {ours!r}\n"
        + "\n".join(str(observation) for observation in seen.values())
    )
    return ours


@pytest.mark.recordings
def test_a_real_host_is_read_as_it_must_be(expectation: Expectation) -> None:
    if compare(expectation) is None:
        pytest.skip("no signal of ours states this fact")


def test_a_host_of_ours_is_read_as_it_must_be(our_expectation: Expectation) -> None:
    assert compare(our_expectation) is not None
