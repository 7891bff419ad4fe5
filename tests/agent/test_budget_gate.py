"""The gate that holds the agent to its published budget; what it measures is measured by it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.load.agent_budget import LIMITS, Figure, Limit, cpu_seconds, judged

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def within() -> list[Figure]:
    return [Figure(limit, limit.most) for limit in LIMITS]


def test_what_is_within_every_limit_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(within()) == 0
    assert capsys.readouterr().out.endswith("within the budget\n")


@pytest.mark.parametrize("over", LIMITS, ids=lambda limit: limit.name)
def test_one_figure_that_is_over_fails(over: Limit, capsys: pytest.CaptureFixture[str]) -> None:
    figures = [Figure(limit, limit.most + (limit is over) * 0.01) for limit in LIMITS]
    assert judged(figures) == 1
    said = capsys.readouterr().out
    assert [line[:40] for line in said.splitlines() if "OVER" in line] == [f"{over.name:<40}"[:40]]


def test_what_was_not_measured_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(within()[1:]) == 1
    assert f"{LIMITS[0].name:<56} was not measured" in capsys.readouterr().out


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_the_readme_publishes_every_limit_and_a_figure_within_it(limit: Limit) -> None:
    found = re.findall(
        rf"^\| {re.escape(limit.name)} \| (\S+)(.*) \| (\S+).* \|$", README, re.MULTILINE
    )
    ((most, unit, measured),) = found
    assert (float(most), unit.strip()) == (limit.most, limit.unit)
    assert float(measured) <= limit.most


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processor_time_is_that_of_the_process_itself() -> None:
    burn = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    with subprocess.Popen([sys.executable, "-c", f"{burn}\ninput()"], stdin=-1) as process:
        assert process.stdin
        while cpu_seconds(process.pid) < 0.25:
            assert process.poll() is None
        process.stdin.write(b"\n")
