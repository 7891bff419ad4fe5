"""Killed, full or read-only: what was acknowledged is there, and the words say what to do."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection

from collector.store import Store, StoreError, StoreFull, events
from tests.fakes import FixedClock

WRITING_UNTIL_KILLED = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from collector.store import Store, events

async def note(store, worker):
    count = 0
    while True:
        detail = f"{worker}-{count}"
        await store.submit(
            lambda c: events.add(c, datetime.now(UTC), "test", sys.argv[2], detail)
        )
        print(detail, flush=True)
        count += 1

async def main():
    store = Store.open(Path(sys.argv[1]))
    await asyncio.gather(*(note(store, worker) for worker in range(16)))

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    for round_ in range(5):
        acknowledged = _acknowledged_before_kill(tmp_path, round_, lines=50 + 137 * round_)
        store = Store.open(tmp_path)
        store.check()
        stored = {
            event.detail
            for event in store.read(lambda c, r=round_: events.recent(c, 1_000_000, str(r)))
        }
        store.close()
        assert len(acknowledged) >= 50
        assert acknowledged - stored == set()


def _acknowledged_before_kill(folder: Path, round_: int, lines: int) -> set[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITING_UNTIL_KILLED, str(folder), str(round_)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    os.kill(process.pid, signal.SIGKILL)
    said += process.stdout.readlines()
    process.stdout.close()
    process.wait()
    return {line.strip() for line in said if line.endswith("\n")}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    _mount(disk, "size=1m,mode=0700")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def _mount(disk: Path, options: str) -> None:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    try:
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount program here")
    if tried.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {tried.stderr.strip()}")


def test_a_full_disk_is_named_and_needs_no_restart(small_disk: Path, clock: FixedClock) -> None:
    store = Store.open(small_disk)

    def note(connection: Connection) -> None:
        events.add(connection, clock(), "test", "", "x" * 20_000)

    written: list[int] = []

    def fill_the_disk() -> None:
        for number in range(200):
            store.write(note)
            written.append(number)

    with pytest.raises(StoreFull, match=f"the disk that holds {small_disk} is full"):
        fill_the_disk()
    assert len(store.read(lambda c: events.recent(c, 1000))) == len(written)
    store.check()
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    store.write(note)
    assert len(store.read(lambda c: events.recent(c, 1000))) == len(written) + 1
    store.close()


def test_a_read_only_folder_is_named(small_disk: Path) -> None:
    Store.open(small_disk / "data").close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreError, match=r"cannot be written .*give this account write access"):
        Store.open(small_disk / "data")


@pytest.mark.parametrize("begun", [False, True])
def test_a_service_on_a_full_disk_says_so_in_its_journal_and_ends(
    begun: bool, small_disk: Path
) -> None:
    """Before its first start and later; its journal gets what is on stderr, and no more."""
    data = small_disk / "data"
    if begun:
        Store.open(data).close()
    with (small_disk / "filling").open("wb", buffering=0) as filling, suppress(OSError):
        while True:
            filling.write(bytes(4096))
    command = [sys.executable, "-m", "collector", "--data", str(data), "serve"]
    listeners = [w for each in ("check-in", "enroll", "web") for w in (f"--{each}", "127.0.0.1:0")]
    said = subprocess.run(
        [*command, *listeners], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    line = f"muster-collector: the disk that holds {data} is full: free space there\n"
    assert (said.returncode, said.stderr) == (1, line)
