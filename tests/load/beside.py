"""What others notice of work that goes on beside them, and what that work needs itself."""

import asyncio
import http.client
import random
import ssl
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.fleet import Simulated

PAUSE_SECONDS = 20.0
"""On average, for each device: below what one identity may ask in the long run."""
PAGES = ("/", "/devices", "/devices?state=non_compliant", "/exports")
MEGABYTE = 1 << 20
IDLE = """
import sys
from pathlib import Path
import jinja2, psutil, typst
from collector.export import to_csv, to_json, to_sqlite, to_xlsx, working
from collector.store import Store
store = Store.open(Path(sys.argv[1]), create=False)
print(psutil.Process().memory_info().rss / (1 << 20))
store.close()
"""

Times = dict[str, list[float]]
"""By what was asked, how long each answer took, in ms."""


@dataclass
class Used:
    """The most that was seen of the process that makes packs."""

    cpu_seconds: float = 0.0
    resident_mb: float = 0.0


@dataclass
class Beside:
    """Devices that check in now and then, and somebody who turns pages."""

    pid: int
    serving: dict[str, str]
    fleet: list[Simulated]
    cookie: str
    worker: Used = field(default_factory=Used)

    def memory(self) -> float:
        return float(psutil.Process(self.pid).memory_info().rss / MEGABYTE)

    async def for_seconds(self, seconds: float) -> Times:
        until = time.monotonic() + seconds
        return await self.until(lambda: time.monotonic() > until)

    async def until(self, over: Callable[[], bool]) -> Times:
        took: Times = defaultdict(list)
        ended = asyncio.Event()
        work = [asyncio.create_task(self._check_in(each, took, ended)) for each in self.fleet]
        work.append(asyncio.create_task(asyncio.to_thread(self._turn_pages, took, ended)))
        while not await asyncio.to_thread(over):
            self._look()
            await asyncio.sleep(0.2)
        ended.set()
        await asyncio.gather(*work)
        return took

    async def _check_in(self, device: Simulated, took: Times, ended: asyncio.Event) -> None:
        async with device.channel(self.serving["check_in"]) as channel:
            await device.check_in(channel, device.report(variant=0))
            while not ended.is_set():
                await asyncio.sleep(random.uniform(0, 2 * PAUSE_SECONDS))
                changed = random.random() < 0.1
                variant = device.sequence + 1 if changed else 0
                request = device.report(variant) if changed else device.unchanged(variant)
                began = time.perf_counter()
                await device.check_in(channel, request)
                took["check-ins"].append((time.perf_counter() - began) * 1000)

    def _turn_pages(self, took: Times, ended: asyncio.Event) -> None:
        address = urlsplit(self.serving["web"])
        assert address.hostname is not None
        unchecked = ssl._create_unverified_context()
        there = http.client.HTTPSConnection(address.hostname, address.port, context=unchecked)
        for number in range(1_000_000):
            if ended.is_set():
                break
            began = time.perf_counter()
            there.request("GET", PAGES[number % len(PAGES)], headers={"Cookie": self.cookie})
            answer = there.getresponse()
            answer.read()
            assert answer.status == 200, (PAGES[number % len(PAGES)], answer.status)
            took["pages"].append((time.perf_counter() - began) * 1000)
            time.sleep(0.1)
        there.close()

    def _look(self) -> None:
        """At the child that makes the pack, while there is one."""
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            for child in psutil.Process(self.pid).children():
                if "spawn_main" in " ".join(child.cmdline()):
                    cpu, memory = child.cpu_times(), child.memory_info().rss / MEGABYTE
                    self.worker.cpu_seconds = max(self.worker.cpu_seconds, cpu.user + cpu.system)
                    self.worker.resident_mb = max(self.worker.resident_mb, memory)


def p99(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, round(0.99 * len(times)))]


def idle_worker(folder: Path) -> float:
    """MB of a process that has all that it takes to make a pack, and has made none."""
    words = [sys.executable, "-c", IDLE, str(folder)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
