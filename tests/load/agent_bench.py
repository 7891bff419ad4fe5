"""What one observation costs beside the bare commands it has to run."""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.checks import observe_all
from tests.load.large import all_large

ROUNDS = 5

LISTING = """
import sys
from agent.checks import observe_all
from agent.device import inventory
from agent.machine import Machine, _find
from agent.host import CannotTell

class Listing(Machine):
    asked = []
    def run(self, *argv, **limits):
        if argv not in self.asked:
            self.asked.append(argv)
        return super().run(*argv, **limits)

host = Listing()
observe_all(host)
inventory(host)
for argv in host.asked:
    try:
        print("\\0".join((_find(argv[0]), *argv[1:])))
    except CannotTell:
        pass
"""
ONE_LOOK = "from agent.cli import main; main(['check', '--json'])"


@dataclass
class Cost:
    wall: float
    cpu: float
    peak_mb: float


def cost_of(command: list[str]) -> Cost:
    """Wall and processor seconds of a program with all it starts, and its own peak memory.

    The peak is of the largest process of the tree: commands run after each other.
    """
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, after.ru_maxrss / 1024)


def sum_of(commands: list[list[str]]) -> Cost:
    costs = [cost_of(command) for command in commands]
    return Cost(sum(c.wall for c in costs), sum(c.cpu for c in costs), costs[-1].peak_mb)


def own_peak_mb() -> float:
    """Peak memory of the observing process itself; ru_maxrss would begin with its parent's."""
    script = ONE_LOOK + "\nimport re, sys\nstatus = open('/proc/self/status').read()\n"
    script += "print(re.search(r'VmHWM:\\s+(\\d+) kB', status)[1], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    return int(done.stderr.split()[-1]) / 1024


def measure_large() -> None:
    """What parsing and judging cost on machines of unusual size, against the least possible."""
    print(f"\n{'unusual sizes (CPU)':<26}{'check ms':>9}{'floor ms':>9}{'ratio':>7}  the floor is")
    for large in all_large():
        check = _cpu_ms(lambda large=large: observe_all(large.host, [large.signal]))
        floor = _cpu_ms(large.floor)
        ratio = f"{check / floor:.1f}"
        print(f"{large.name:<26}{check:>9.1f}{floor:>9.1f}{ratio:>7}  {large.floor_is}")


def _cpu_ms(work: Callable[[], object]) -> float:
    """The median of several rounds in this process."""
    spent = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        spent.append(1000 * (time.process_time() - begun))
    return statistics.median(spent)


def measure_agent() -> None:
    root = Path(__file__).resolve().parents[2]
    asked = subprocess.run(
        [sys.executable, "-c", LISTING], check=True, capture_output=True, cwd=root
    )
    commands = [line.split("\0") for line in asked.stdout.decode().splitlines()]
    looks, bare, starts = [], [], []
    for _ in range(ROUNDS):
        bare.append(sum_of(commands))
        looks.append(cost_of([sys.executable, "-c", ONE_LOOK]))
        starts.append(cost_of([sys.executable, "-c", "pass"]))
    ratio = statistics.median(a.cpu / b.cpu for a, b in zip(looks, bare, strict=True))
    print(f"\n{'agent':<34}{'wall s':>8}{'CPU s':>8}")
    for name, costs in (
        ("one observation", looks),
        (f"its {len(commands)} commands alone", bare),
        ("an empty Python program", starts),
    ):
        wall = statistics.median(c.wall for c in costs)
        cpu = statistics.median(c.cpu for c in costs)
        print(f"{name:<34}{wall:>8.2f}{cpu:>8.2f}")
    print(f"CPU ratio {ratio:.2f}; peak memory of the agent itself {own_peak_mb():.0f} MB")
