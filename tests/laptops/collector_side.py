"""The collector on the host side of the laptops' network, used through its command line."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.laptops.network import COLLECTOR, Network
from tests.laptops.uml import LaptopTrouble

START_SECONDS = 60.0


@dataclass(frozen=True)
class Collector:
    folder: Path

    def run(self, *words: str) -> str:
        done = subprocess.run(
            self.command(*words), capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode:
            raise LaptopTrouble(f"muster-collector {words[0]}: {done.stderr.strip()}")
        return done.stdout

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "collector", "--data", str(self.folder), *words]

    def enrollment_string(self) -> str:
        return self.run("token", "create", "--string-only").strip()

    def shown(self, hostname: str) -> dict[str, Any]:
        """All that is known of a laptop."""
        found: dict[str, Any] = json.loads(self.run("device", "show", hostname, "--json"))
        return found

    def findings(self, hostname: str) -> dict[str, dict[str, Any]]:
        return {found["rule_id"]: found for found in self.shown(hostname)["findings"]}


@contextmanager
def collector(network: Network, folder: Path) -> Iterator[Collector]:
    """Serving inside the namespace for the length of the block."""
    made = Collector(folder / "collector")
    options = ["--host-name", COLLECTOR, "--name", "The laptops' collector"]
    for number, listener in enumerate(("--check-in", "--enroll", "--web")):
        options += [listener, f"{COLLECTOR}:{7843 + number}"]
    with (folder / "collector.log").open("wb") as log:
        process = subprocess.Popen(
            network.inside(*made.command("serve", *options)), stdout=log, stderr=log
        )
    try:
        _wait(made, process, folder / "collector.log")
        yield made
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


def _wait(made: Collector, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not (made.folder / "serving.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise LaptopTrouble(f"the collector did not start: {log.read_text()[-500:]}")
        time.sleep(0.1)
