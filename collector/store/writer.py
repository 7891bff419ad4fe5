"""One thread writes, and nobody is told "done" before the commit that holds it is on disk.

Whatever is queued, up to `MOST_JOBS`, goes into one transaction; each job has a savepoint, so
that a failing one fails alone. When the commit fails, every job of the batch has failed.

A check-in waits `GATHER_SECONDS` for others, because a commit and the two changes of thread that
go with it cost more than the check-in: without the wait, batches of one were the rule.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # as the engine

from collector.store.engine import named_troubles, open_writer
from collector.store.errors import StoreBusy, StoreError, explain

GATHER_SECONDS = 0.002
MOST_JOBS = 128
MOST_WAITING = 4096

T = TypeVar("T")
Change = Callable[[Connection], T]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: its value, or its trouble."""

    value: Any = None
    trouble: Exception | None = None

    def settle(self, future: "Future[Any] | asyncio.Future[Any]") -> None:
        if future.done():  # whoever waited has gone
            return
        if self.trouble is None:
            future.set_result(self.value)
        else:
            future.set_exception(self.trouble)


@dataclass(frozen=True, slots=True)
class Job:
    change: Change[Any]
    future: "Future[Any] | asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop | None = None


class GivenUp(Exception):
    """The whole transaction is gone because of one job's `trouble`."""

    def __init__(self, trouble: Exception) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble


class Writer:
    """The writing connection and its thread. `prepare` runs first, on the open file."""

    def __init__(self, path: Path, prepare: Callable[[Database, Engine], None]) -> None:
        self._path = path
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._closed = threading.Lock()
        self._thread = threading.Thread(target=self._run, args=(prepare,), name="store-writer")
        self._ready: Future[None] = Future()
        self._thread.daemon = True
        self._thread.start()
        self._ready.result()

    def write(self, change: Change[T]) -> T:
        """Run `change` in a transaction; on return it is durable."""
        future: Future[T] = Future()
        self._put(Job(change, future))
        return future.result()

    async def submit(self, change: Change[T]) -> T:
        """As `write`, without blocking the event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(Job(change, future, loop))
        return await future

    def close(self) -> None:
        """Finish what is queued, then close the file."""
        if self._closed.acquire(blocking=False):
            self._jobs.put(None)
        self._thread.join()

    def _put(self, job: Job) -> None:
        if self._closed.locked():
            raise StoreError("the store is closed: start the collector again")
        if self._jobs.qsize() >= MOST_WAITING:
            raise StoreBusy(f"{MOST_WAITING} changes wait for the disk already: try again later")
        self._jobs.put(job)

    def _run(self, prepare: Callable[[Database, Engine], None]) -> None:
        try:
            with named_troubles(self._path):
                database, engine = open_writer(self._path)
                prepare(database, engine)
        except Exception as trouble:  # noqa: BLE001 - it belongs to the thread that opens
            self._ready.set_exception(trouble)
            return
        self._ready.set_result(None)
        while jobs := self._next_jobs():
            _settle(jobs, self._commit(engine, jobs))
        engine.dispose()

    def _next_jobs(self) -> list[Job]:
        """What is queued now, at least one; none after `close`."""
        first = self._jobs.get()
        if first is not None and first.loop is not None:
            time.sleep(GATHER_SECONDS)
        jobs = [] if first is None else [first]
        while jobs and len(jobs) < MOST_JOBS and not self._jobs.empty():
            job = self._jobs.get()
            if job is None:
                self._jobs.put(None)
                break
            jobs.append(job)
        return jobs

    def _commit(self, engine: Engine, jobs: list[Job]) -> list[Outcome]:
        try:
            with engine.begin() as connection:
                return [self._attempt(connection, job) for job in jobs]
        except (DBAPIError, sqlite3.Error, GivenUp) as error:
            cause = error.trouble if isinstance(error, GivenUp) else error
            trouble = explain(cause, self._path) or cause
            return [Outcome(trouble=trouble) for _ in jobs]

    def _attempt(self, connection: Connection, job: Job) -> Outcome:
        """Run one job in its savepoint. Raises only when SQLite gave the transaction up."""
        raw = connection.connection.cursor()
        raw.execute("SAVEPOINT job")
        try:
            value = job.change(connection)
        except Exception as trouble:  # noqa: BLE001 - it belongs to whoever handed the job in
            _undo(connection, trouble)
            return Outcome(trouble=explain(trouble, self._path) or trouble)
        raw.execute("RELEASE job")
        return Outcome(value)


def _undo(connection: Connection, trouble: Exception) -> None:
    """Back to the job's savepoint. On a full or failing disk SQLite may have rolled back all."""
    try:
        connection.exec_driver_sql("ROLLBACK TO job")
        connection.exec_driver_sql("RELEASE job")
    except DBAPIError:
        raise GivenUp(trouble) from trouble


def _settle(jobs: list[Job], outcomes: list[Outcome]) -> None:
    """Tell everybody; an event loop is woken once a batch."""
    waiting: dict[asyncio.AbstractEventLoop, list[tuple[Job, Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.loop is None:
            outcome.settle(job.future)
        else:
            waiting.setdefault(job.loop, []).append((job, outcome))
    for loop, settled in waiting.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits there any more
            loop.call_soon_threadsafe(_settle_on_loop, settled)


def _settle_on_loop(settled: list[tuple[Job, Outcome]]) -> None:
    for job, outcome in settled:
        outcome.settle(job.future)
