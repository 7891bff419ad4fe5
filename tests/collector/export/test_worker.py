"""A pack is made in a process of its own, which stops when it should."""

import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.clock import system_clock
from collector.export.desk import Desk
from collector.export.making import Making, folder_of
from collector.export.packing import Cancelled
from collector.export.working import Orphaned, Reporter, Worker
from collector.export_settings import ExportSettings
from collector.store import Store, exports
from collector.store.exports import Phase
from tests.collector.export.fleet import NOW


@pytest.fixture
def worker(store: Store, tmp_path: Path) -> Worker:
    desk = Desk.of(store, tmp_path / "data")
    return Worker(Making(desk, ExportSettings(), system_clock), system_clock)


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)


def test_the_process_makes_the_pack_and_ends(worker: Worker, store: Store, tmp_path: Path) -> None:
    store.write(lambda c: exports.ask(c, "all", NOW, "alice", NOW))
    assert worker.tick()
    eventually(lambda: not worker.tick())
    (run,) = store.read(exports.newest)
    assert (run.phase, run.trouble) == (Phase.DONE, ""), "every step is one that the store knows"
    assert [p.name for p in folder_of(tmp_path / "data").iterdir()] == [run.name]


def test_a_process_that_dies_is_said(worker: Worker, store: Store, tmp_path: Path) -> None:
    store.write(lambda c: exports.ask(c, "all", NOW, "alice", NOW))
    assert worker.tick()
    (process,) = multiprocessing.active_children()
    process.kill()
    eventually(lambda: not worker.tick())
    (run,) = store.read(exports.newest)
    assert run.phase is Phase.FAILED
    assert "look at the collector's log" in run.trouble


def test_the_end_of_the_collector_ends_it_and_leaves_the_run(worker: Worker, store: Store) -> None:
    store.write(lambda c: exports.ask(c, "all", NOW, "alice", NOW))
    assert worker.tick()
    worker.stop()
    assert multiprocessing.active_children() == []
    assert not worker.tick()
    assert not store.read(lambda c: exports.get(c, 1)).is_over  # type: ignore[union-attr]


def test_it_stops_when_told_to_and_when_the_collector_is_gone(store: Store) -> None:
    store.write(lambda c: exports.ask(c, "all", NOW, "alice", NOW))
    Reporter(store, 1, os.getppid())(Phase.DEVICES, 400)
    run = store.read(lambda c: exports.get(c, 1))
    assert run is not None
    assert (run.phase, run.told) == (Phase.DEVICES, 400)
    with pytest.raises(Orphaned):
        Reporter(store, 1, -1)(Phase.DEVICES, 400)
    store.write(lambda c: exports.want_stopped(c, 1))
    with pytest.raises(Cancelled):
        Reporter(store, 1, os.getppid())(Phase.DEVICES, 800)
