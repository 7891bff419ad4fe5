"""What the agent's bundle takes: on disk, to start cold and warm, in memory, beside this Python."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = Path(os.environ.get("MUSTER_BUNDLE_FOLDER", ROOT / ".bundle")) / "muster-agent"
DROP_CACHES = Path("/proc/sys/vm/drop_caches")
ROUNDS = 5
PEAK = """
import os, resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure_bundle() -> None:
    program = BUNDLE / "muster-agent"
    if not program.exists():
        print(f"\nbundle: {program} is missing: make bundle", file=sys.stderr)
        return
    files = [path for path in BUNDLE.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files)
    print(f"\nbundle of the agent: {size / 1e6:.1f} MB in {len(files)} files")
    source = [sys.executable, "-m", "agent"]
    print(f"{'':<34}{'wall ms':>9}{'CPU ms':>8}{'peak MB':>9}")
    for name, command in (
        ("bundle, --version", [str(program), "--version"]),
        ("bundle, one observation", [str(program), "check", "--json"]),
        ("source, --version", [*source, "--version"]),
        ("source, one observation", [*source, "check", "--json"]),
    ):
        _row(name, command, lambda: None)
    if os.access(DROP_CACHES, os.W_OK):
        _row("bundle, --version, cold", [str(program), "--version"], _forget)


def _row(name: str, command: list[str], before: Callable[[], None]) -> None:
    walls, used = [], []
    for _ in range(ROUNDS):
        before()
        spent, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=False, cwd=ROOT, capture_output=True)
        walls.append(time.perf_counter() - begun)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - spent.ru_utime - spent.ru_stime)
    asked = [sys.executable, "-I", "-S", "-c", PEAK, *command]
    peak = subprocess.run(asked, check=True, cwd=ROOT, capture_output=True, text=True).stdout
    wall, cpu = 1000 * statistics.median(walls), 1000 * statistics.median(used)
    print(f"{name:<34}{wall:>9.0f}{cpu:>8.0f}{int(peak) / 1024:>9.0f}", flush=True)


def _forget() -> None:
    """What the kernel keeps of files in memory."""
    os.sync()
    DROP_CACHES.write_text("3\n")
