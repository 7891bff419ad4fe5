"""What one connected agent costs the collector: memory, and time until it is called."""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psutil

from collector.policy import default_text
from collector.store import Store, commands, policies
from collector.store.commands import CommandAction, Wish
from protos.posture.v1.posture_service_pb2 import ListenRequest
from protos.posture.v1.posture_service_pb2_grpc import PostureServiceStub
from tests.fleet import Simulated, collector, enroll

STREAMS = 1_000
ROUNDS = 10


def measure_connected() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "data"
        fleet = enroll(folder, STREAMS)
        text = default_text().replace('mode = "scheduled"', 'mode = "connected"')
        store = Store.open(folder)
        try:
            with collector(folder) as (running, serving):
                store.write(lambda c: policies.add(c, text, _now(), "bench"))
                assert running.process is not None
                process = psutil.Process(running.process.pid)
                asyncio.run(_measure(process, serving["check_in"], fleet, store))
        finally:
            store.close()


def _now() -> datetime:
    return datetime.now(UTC)


async def _measure(
    process: psutil.Process, address: str, fleet: list[Simulated], store: Store
) -> None:
    before = process.memory_info().rss
    held = []
    for device in fleet:
        channel = device.channel(address)
        call = PostureServiceStub(channel).Listen(ListenRequest(), timeout=600)
        await call.initial_metadata()
        held.append((channel, call))
    grown = (process.memory_info().rss - before) / len(fleet)
    used = process.cpu_times()
    await asyncio.sleep(10)
    now = process.cpu_times()
    idle = (now.user + now.system - used.user - used.system) / 10
    each = f"{grown / 1000:.0f} kB each"
    print(f"\n{len(fleet)} connected agents: {each}, {idle:.1%} of a core idle", flush=True)
    took = []
    for device, (_, call) in list(zip(fleet, held, strict=True))[:ROUNDS]:
        wish = Wish(device.device_id, CommandAction.CHECK_NOW, "bench")
        begun = time.perf_counter()
        await asyncio.to_thread(store.write, partial(commands.ask, wish=wish, now=_now()))
        await call.read()
        took.append(time.perf_counter() - begun)
    took.sort()
    middle = took[len(took) // 2]
    print(f"called after {middle:.2f} s (median), {took[-1]:.2f} s at most", flush=True)
    for channel, call in held:
        call.cancel()
        await channel.close()
