"""T31: no process leaves its memory on disk, and nothing secret stands where others can look.

The limit is read from the kernel's own list of the limits of a running process.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fleet import CollectorProcess
from tests.together.test_main_job import Together

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


def core_limit(pid: int) -> list[str]:
    """The soft and the hard limit of a core dump's size."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (line,) = (each for each in lines if each.startswith("Max core file size"))
    return line.split()[4:6]


@pytest.mark.parametrize("program", ["agent", "collector"])
def test_a_command_cannot_dump_its_memory(program: str) -> None:
    asked = (
        "import resource, runpy, sys, contextlib\n"
        "most = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (most, most))\n"
        f"from {program}.__main__ import main\n"
        "sys.argv = ['x', '--version']\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "(1, 1)"


def test_a_running_collector_shows_no_secret_and_dumps_nothing(tmp_path: Path) -> None:
    collector = CollectorProcess(tmp_path / "data", tmp_path / "collector.log")
    job = Together(tmp_path, collector, collector.start())
    try:
        assert collector.process is not None
        pid = collector.process.pid
        string = job.must("collector", "token", "create", "--string-only").strip()
        job.must("agent", "enroll", given=string)
        link = job.setup_link().rpartition("/")[2]
        keys = [each.read_bytes() for each in tmp_path.rglob("*.key")]
        assert len(keys) >= 2
        shown = b"".join(
            Path(f"/proc/{pid}/{name}").read_bytes() for name in ("environ", "cmdline")
        )
        for secret in (string.encode(), link.encode(), *keys):
            assert secret not in shown
        assert core_limit(pid) == ["1", "1"]
        for folder in (tmp_path / "data", tmp_path / "agent"):
            every = [folder, *folder.rglob("*")]
            assert [each for each in every if each.stat().st_mode & 0o077] == []
    finally:
        collector.kill()
