"""`make budget`: what the agent may take, measured against a real collector; 1 when it takes more.

Of the agent itself: what the commands that it asks take is theirs. `--program` measures an
installed or bundled agent instead of this source tree. Linux only: it reads /proc.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.connect_proxy import connect_proxy
from tests.fleet import CollectorProcess

RESTING_SECONDS = 60.0
ROUNDS = 3
READY_SECONDS = 120.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Limit:
    """`most` in `unit`; the words are those of the README's table."""

    name: str
    most: float
    unit: str


OBSERVATION_CPU = Limit("one check-in, processor time of its own", 0.5, "s")
OBSERVATION_PEAK = Limit("one check-in, peak memory", 80, "MB")
WIRE = Limit("an unchanged check-in on a fresh connection, both ways", 9_000, "bytes")
RESIDENT = Limit("the service with a stream open, resident", 25, "MB")
RESIDENT_SCHEDULED = Limit("the service without a stream, resident", 25, "MB")
IDLE_CPU = Limit("the service in a minute of waiting, processor time", 0.05, "s")
WAKE_UPS = Limit("the service in a minute with a stream open, wake-ups", 4, "")
WAKE_UPS_SCHEDULED = Limit("the service in a minute without a stream, wake-ups", 0, "")
LIMITS = (
    OBSERVATION_CPU,
    OBSERVATION_PEAK,
    WIRE,
    RESIDENT_SCHEDULED,
    RESIDENT,
    IDLE_CPU,
    WAKE_UPS_SCHEDULED,
    WAKE_UPS,
)


@dataclass(frozen=True)
class Figure:
    limit: Limit
    measured: float

    @property
    def is_over(self) -> bool:
        return self.measured > self.limit.most

    def __str__(self) -> str:
        unit = f" {self.limit.unit}" if self.limit.unit else ""
        verdict = "OVER" if self.is_over else "ok"
        return (
            f"{self.limit.name:<56}{self.measured:>9.4g}{unit:<6} of {self.limit.most:>6g}"
            f"{unit:<6} {verdict}"
        )


def judged(figures: Iterable[Figure]) -> int:
    """Print every figure; 1 when one is over, or one of the limits was not measured."""
    figures = list(figures)
    for figure in figures:
        print(figure, flush=True)
    missing = [limit.name for limit in LIMITS if limit not in {each.limit for each in figures}]
    for name in missing:
        print(f"{name:<56} was not measured")
    over = [figure for figure in figures if figure.is_over]
    print("over the budget" if over or missing else "within the budget")
    return 1 if over or missing else 0


@dataclass
class Place:
    """A collector and one enrolled agent, in a folder of their own."""

    folder: Path
    program: Sequence[str]
    collector: CollectorProcess

    def agent(self, *words: str) -> list[str]:
        return [*self.program, words[0], "--state", str(self.folder / "agent"), *words[1:]]

    def enroll(self) -> None:
        self.policy("scheduled")
        command = [sys.executable, "-m", "collector", "--data", str(self.folder / "data")]
        made = subprocess.run(
            [*command, "token", "create", "--string-only"], check=True, capture_output=True
        )
        enroll = self.agent("enroll")
        subprocess.run(enroll, input=made.stdout, check=True, stdout=subprocess.DEVNULL)

    def policy(self, mode: str) -> None:
        command = [sys.executable, "-m", "collector", "--data", str(self.folder / "data"), "policy"]
        file = self.folder / "policy.toml"
        shown = subprocess.run([*command, "show"], check=True, capture_output=True, text=True)
        changed = shown.stdout
        for other in ("scheduled", "connected"):
            changed = changed.replace(f'mode = "{other}"', f'mode = "{mode}"')
        file.write_text(changed)
        subprocess.run([*command, "apply", str(file)], check=True, stdout=subprocess.DEVNULL)

    def visit(self, **environ: str) -> tuple[float, float]:
        """Processor seconds and peak megabytes of one check-in, without the commands it runs."""
        started = subprocess.Popen(
            self.agent("run", "--once"),
            env={**os.environ, **environ},
            stderr=subprocess.DEVNULL,
        )
        peak = 0
        while os.waitid(os.P_PID, started.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            peak = max(peak, _status(started.pid, "VmHWM"))
            time.sleep(0.01)
        used = cpu_seconds(started.pid)  # of the process that has ended and is still there
        if started.wait() != 0:
            raise SystemExit("the check-in did not succeed")
        return used, peak * 1024 / 1e6


def _status(pid: int, name: str) -> int:
    """A number of /proc/PID/status; 0 once the process has given its memory back."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def check_ins(place: Place) -> list[Figure]:
    """The best of a few: other work on the machine only ever adds."""
    place.visit()  # the first report
    visits = [place.visit() for _ in range(ROUNDS)]
    with connect_proxy() as proxy:
        place.visit(https_proxy=proxy.url, no_proxy="")
    if not proxy.passed:
        raise SystemExit("the check-in did not come through the proxy that counts")
    return [
        Figure(OBSERVATION_CPU, min(used for used, _ in visits)),
        Figure(OBSERVATION_PEAK, max(peak for _, peak in visits)),
        Figure(WIRE, proxy.passed),
    ]


def waiting(place: Place, mode: str, seconds: float) -> tuple[float, float, float]:
    """Megabytes, processor seconds and wake-ups of the service in a minute of waiting."""
    place.policy(mode)
    log = place.folder / f"{mode}.log"
    with log.open("w") as errors:
        service = subprocess.Popen(place.agent("run", "--at-once"), stderr=errors)
    try:
        _until_waiting(log, service)
        time.sleep(5)  # the stream is open by then
        used, woken = cpu_seconds(service.pid), _status(service.pid, "voluntary_ctxt_switches")
        time.sleep(seconds)
        used = cpu_seconds(service.pid) - used
        woken = _status(service.pid, "voluntary_ctxt_switches") - woken
        resident = _status(service.pid, "VmRSS") * 1024 / 1e6
    finally:
        service.terminate()
        service.wait(30)
    return resident, used * 60 / seconds, woken * 60 / seconds


def _until_waiting(log: Path, service: "subprocess.Popen[bytes]") -> None:
    ends_at = time.monotonic() + READY_SECONDS
    while "waiting for the next check-in" not in log.read_text():
        if service.poll() is not None or time.monotonic() > ends_at:
            raise SystemExit(f"the service does not wait for a check-in: {log.read_text()}")
        time.sleep(0.1)


def services(place: Place, seconds: float) -> list[Figure]:
    held, idle, woken = waiting(place, "scheduled", seconds)
    streaming, busy, called = waiting(place, "connected", seconds)
    return [
        Figure(RESIDENT_SCHEDULED, held),
        Figure(RESIDENT, streaming),
        Figure(IDLE_CPU, max(idle, busy)),
        Figure(WAKE_UPS_SCHEDULED, woken),
        Figure(WAKE_UPS, called),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="", help="an agent that is installed or bundled")
    parser.add_argument("--seconds", type=float, default=RESTING_SECONDS)
    args = parser.parse_args()
    program = [args.program] if args.program else [sys.executable, "-I", "-m", "agent"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        collector = CollectorProcess(folder / "data", folder / "collector.log")
        collector.start()
        try:
            place = Place(folder, program, collector)
            place.enroll()
            return judged([*check_ins(place), *services(place, args.seconds)])
        finally:
            collector.kill()


if __name__ == "__main__":
    sys.exit(main())
