"""A person at the command line of a collector that holds one device, or of none at all."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from collector.cli import program
from collector.policy import default_text
from collector.store import Store, policies
from collector.surroundings import Surroundings
from collector.terminal import width
from tests.collector.desk import Desk, one_device
from tests.fakes import FixedClock


@dataclass
class Console:
    """Types commands. Nothing that is printed may be wider than a terminal or steer it."""

    folder: Path
    clock: FixedClock
    who: str = "alice"

    def run(self, *words: str, stdin: str = "") -> Result:
        around = Surroundings(self.folder, self.clock, who=lambda: self.who)
        result = CliRunner().invoke(program, list(words), input=stdin, obj=around)
        assert isinstance(result.exception, SystemExit | None), result.exception
        return result

    def says(self, *words: str) -> str:
        """What a command prints that must succeed."""
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        for line in result.output.splitlines():
            assert width(line) <= 80 or " " not in line, line  # a path, an enrollment string
            assert line.isprintable(), line
        return result.stdout

    def reads(self, *words: str) -> Any:
        """As `says` with --json, parsed; ASCII without control characters."""
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        assert result.stdout.isascii()
        return json.loads(result.stdout)

    def refuses(self, *words: str, status: int = 2) -> str:
        """The one line that a command says when it cannot."""
        result = self.run(*words)
        assert (result.exit_code, result.stdout) == (status, "")
        (line,) = result.stderr.splitlines()
        assert line.isprintable()
        return line.removeprefix("muster-collector: ")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The collector's store with one device `alpha` (d1) and the default policy."""
    folder = tmp_path / "data"
    store = Store.open(folder)
    store.write(lambda c: policies.add(c, default_text(), FixedClock()(), "first start"))
    store.close()
    yield from one_device(folder)


@pytest.fixture
def console(desk: Desk, tmp_path: Path) -> Console:
    return Console(tmp_path / "data", desk.clock)


@pytest.fixture
def nowhere(tmp_path: Path) -> Console:
    """No collector was ever started here."""
    return Console(tmp_path / "nothing", FixedClock())
