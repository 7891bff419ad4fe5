"""`make bench`: ratios measured in one run, never asserted.

Collector: check-ins per second against the same server with a handler that does nothing, on kept
connections and on a fresh mutual-TLS connection each; processor time per check-in; rows on disk.
Pages: server time of each over 100,000 and 1,000,000 devices.
Audit log: how long a million records take to be verified. Agent: one observation against the bare
commands it runs. The load generator shares the machine.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from collector.store import Store
from protos.posture.v1 import posture_service_pb2 as messages
from tests.fleet import CollectorProcess, Simulated, enroll
from tests.load.agent_bench import measure_agent, measure_large
from tests.load.audit_bench import measure_audit
from tests.load.bundle_bench import measure_bundle
from tests.load.connected_bench import measure_connected
from tests.load.export_bench import measure_export
from tests.load.judging_bench import measure_judging
from tests.load.pages_bench import measure_pages

CALLS_EACH = 20
"""Below the burst that one identity may take, so that no call is refused."""

DEVICES = 64
ROUNDS = 3
IN_FLIGHT_FRESH = 16
VISITS_EACH = 4


@dataclass
class Server:
    """A process that answers check-ins, on one processor of its own where there are two."""

    name: str
    pid: int
    address: str

    def cpu_seconds(self) -> float:
        used = psutil.Process(self.pid).cpu_times()
        return float(used.user + used.system)


@dataclass
class Measured:
    per_second: float
    cpu_microseconds: float


Ask = Callable[[Simulated], messages.CheckInRequest]


async def kept(server: Server, devices: list[Simulated], ask: Ask) -> Measured:
    """Each device on its own connection, already open; one call at a time on each."""
    channels = [device.channel(server.address) for device in devices]
    for device, channel in zip(devices, channels, strict=True):
        await device.check_in(channel, ask(device))

    async def talk(device: Simulated, channel: object) -> None:
        for _ in range(CALLS_EACH):
            await device.check_in(channel, ask(device))  # type: ignore[arg-type]

    pairs = zip(devices, channels, strict=True)
    measured = await timed(server, [talk(d, c) for d, c in pairs], CALLS_EACH * len(devices))
    for channel in channels:
        await channel.close()
    return measured


async def fresh(server: Server, devices: list[Simulated], ask: Ask) -> Measured:
    """A new connection for every call, a few at a time."""
    places = asyncio.Semaphore(IN_FLIGHT_FRESH)

    async def visit(device: Simulated) -> None:
        for _ in range(VISITS_EACH):
            async with places, device.channel(server.address) as channel:
                await device.check_in(channel, ask(device))

    visits = [visit(device) for device in devices]
    return await timed(server, visits, len(visits) * VISITS_EACH)


async def timed(server: Server, work: list[Awaitable[None]], calls: int) -> Measured:
    cpu, begun = server.cpu_seconds(), time.perf_counter()
    await asyncio.gather(*work)
    took, used = time.perf_counter() - begun, server.cpu_seconds() - cpu
    return Measured(calls / took, used / calls * 1e6)


def same(device: Simulated) -> messages.CheckInRequest:
    return device.unchanged(variant=0)


def changed(device: Simulated) -> messages.CheckInRequest:
    return device.report(variant=device.sequence + 1)


async def compare(collector: Server, floor: Server, fleet: Iterator[list[Simulated]]) -> None:
    """Every measure in turn on both servers, so that a slow moment meets both."""
    print(
        f"{'check-ins':<34}{'collector/s':>12}{'no-op/s':>10}{'ratio':>8}{'CPU µs':>9}{'no-op':>8}"
    )
    for name, measure, ask in (
        ("unchanged, kept connection", kept, same),
        ("new report, kept connection", kept, changed),
        ("unchanged, fresh mutual TLS", fresh, same),
        ("new report, fresh mutual TLS", fresh, changed),
    ):
        ours, theirs = [], []
        for _ in range(ROUNDS):
            devices = next(fleet)
            await first_reports(collector, devices)
            theirs.append(await measure(floor, devices, ask))
            ours.append(await measure(collector, devices, ask))
        ratio = statistics.median(
            o.per_second / t.per_second for o, t in zip(ours, theirs, strict=True)
        )
        print(
            f"{name:<34}{middle(ours):>12.0f}{middle(theirs):>10.0f}{ratio:>8.2f}"
            f"{statistics.median(m.cpu_microseconds for m in ours):>9.0f}"
            f"{statistics.median(m.cpu_microseconds for m in theirs):>8.0f}",
            flush=True,
        )


def middle(measured: list[Measured]) -> float:
    return statistics.median(m.per_second for m in measured)


async def first_reports(server: Server, devices: list[Simulated]) -> None:
    for device in devices:
        async with device.channel(server.address) as channel:
            await device.check_in(channel, device.report(variant=0))


@contextmanager
def servers(folder: Path) -> Iterator[tuple[Server, Server]]:
    running = CollectorProcess(folder, folder.with_name("collector.log"))
    serving = running.start()
    assert running.process is not None
    script = Path(__file__).with_name("noop_server.py")
    floor = subprocess.Popen([sys.executable, str(script), str(folder)], stdout=subprocess.PIPE)
    assert floor.stdout is not None
    port = int(floor.stdout.readline())
    pin(running.process.pid, floor.pid)
    try:
        yield (
            Server("collector", running.process.pid, serving["check_in"]),
            Server("no-op", floor.pid, f"127.0.0.1:{port}"),
        )
    finally:
        floor.kill()
        running.stop()


def pin(*servers: int) -> None:
    """Servers on the last processor, this load generator on the others."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        for pid in servers:
            for thread in psutil.Process(pid).threads():
                os.sched_setaffinity(thread.id, {processors[-1]})
            os.sched_setaffinity(pid, {processors[-1]})
        os.sched_setaffinity(0, set(processors[:-1]))


def groups(devices: list[Simulated]) -> Iterator[list[Simulated]]:
    for start in range(0, len(devices), DEVICES):
        yield devices[start : start + DEVICES]


def rows_on_disk(folder: Path) -> None:
    store = Store.open(folder, create=False)
    try:
        tables = store.read(
            lambda c: [
                (name, c.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one())
                for (name,) in c.exec_driver_sql(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                    " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
                ).all()
            ]
        )
    finally:
        store.close()
    size = sum(file.stat().st_size for file in folder.glob("collector.sqlite3*"))
    print("\nrows on disk: " + ", ".join(f"{name} {rows}" for name, rows in tables if rows))
    print(f"database and log: {size / 1e6:.1f} MB")


def over_fleets(only: str | None, devices: list[int] | None) -> None:
    if only in (None, "pages"):
        for many in devices or (100_000, 1_000_000):
            measure_pages(many)
    if only in (None, "export"):
        for many in devices or (100_000,):
            measure_export(many)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only",
        choices=(
            "collector",
            "agent",
            "audit",
            "connected",
            "judging",
            "pages",
            "export",
            "bundle",
        ),
    )
    parser.add_argument(
        "--devices", type=int, action="append", help="for pages and export; may be repeated"
    )
    given = parser.parse_args()
    only = given.only
    if only in (None, "collector"):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "data"
            fleet = enroll(folder, DEVICES * ROUNDS * 4)
            with servers(folder) as (collector, floor):
                asyncio.run(compare(collector, floor, groups(fleet)))
            rows_on_disk(folder)
    if only in (None, "audit"):
        measure_audit()
    if only in (None, "connected"):
        measure_connected()
    if only in (None, "judging"):
        measure_judging()
    over_fleets(only, given.devices)
    if only in (None, "bundle"):
        measure_bundle()
    if only in (None, "agent"):
        measure_agent()
        measure_large()


if __name__ == "__main__":
    main()
