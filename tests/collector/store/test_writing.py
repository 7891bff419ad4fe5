"""One writer, many jobs a commit: each fails alone, and nobody hears "done" too early."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlite_utils import Database

from collector.store import Store, StoreBusy, StoreError, events
from collector.store import writer as writing
from tests.fakes import FixedClock


class Refused(Exception):
    pass


def noting(clock: FixedClock, detail: str):  # type: ignore[no-untyped-def]
    def change(connection: Connection) -> str:
        events.add(connection, clock(), "test", "", detail)
        return detail

    return change


def details(store: Store) -> set[str]:
    return {event.detail for event in store.read(lambda c: events.recent(c, 10_000))}


async def together(store: Store, *changes):  # type: ignore[no-untyped-def]
    """Hand the changes in while the writer is held, so that they share one commit."""
    held, go = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        held.set()
        go.wait()

    first = asyncio.create_task(store.submit(hold))
    await asyncio.to_thread(held.wait)
    tasks = [asyncio.create_task(store.submit(change)) for change in changes]
    await asyncio.sleep(0)
    go.set()
    await first
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_failing_job_fails_alone(store: Store, clock: FixedClock) -> None:
    def failing(connection: Connection) -> None:
        events.add(connection, clock(), "test", "", "half done")
        raise Refused

    results = await together(store, noting(clock, "before"), failing, noting(clock, "after"))
    assert results[0] == "before"
    assert isinstance(results[1], Refused)
    assert results[2] == "after"
    assert details(store) == {"before", "after"}


async def test_a_statement_that_the_database_refuses_fails_alone(
    store: Store, clock: FixedClock
) -> None:
    def twice(connection: Connection) -> None:
        for _ in range(2):
            connection.exec_driver_sql(
                "INSERT INTO policy (version, text, applied_at, applied_by) VALUES (1,'',0,'')"
            )

    results = await together(store, twice, noting(clock, "after"))
    assert isinstance(results[0], IntegrityError)
    assert results[1] == "after"


async def test_what_comes_together_shares_one_commit(store: Store, clock: FixedClock) -> None:
    seen_by_readers: list[int] = []

    def counting(connection: Connection) -> None:
        events.add(connection, clock(), "test", "", f"{len(seen_by_readers)}")
        seen_by_readers.append(len(details(store)))

    await together(store, *[counting] * 10)
    assert seen_by_readers == [0] * 10
    assert len(details(store)) == 10


async def test_a_job_that_fails_and_takes_the_transaction_along_fails_all(
    store: Store, clock: FixedClock
) -> None:
    def give_up(connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK")
        raise Refused

    results = await together(store, noting(clock, "lost"), give_up, noting(clock, "lost too"))
    assert all(isinstance(result, Refused) for result in results)
    assert details(store) == set()


async def test_when_the_commit_is_given_up_nobody_is_acknowledged(
    store: Store, clock: FixedClock
) -> None:
    def give_up(connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK")

    results = await together(store, noting(clock, "lost"), give_up, noting(clock, "lost too"))
    assert all(isinstance(result, Exception) for result in results)
    assert details(store) == set()
    assert await store.submit(noting(clock, "later")) == "later"
    assert details(store) == {"later"}


def test_a_change_can_be_written_without_an_event_loop(store: Store, clock: FixedClock) -> None:
    assert store.write(noting(clock, "from a command")) == "from a command"
    assert details(store) == {"from a command"}


def test_readers_cannot_write(store: Store, clock: FixedClock) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        store.read(noting(clock, "no"))


async def test_a_caller_who_has_gone_disturbs_nobody(store: Store, clock: FixedClock) -> None:
    gone = asyncio.create_task(store.submit(noting(clock, "gone")))
    await asyncio.sleep(0)
    gone.cancel()
    assert await store.submit(noting(clock, "here")) == "here"


def test_another_process_that_holds_the_database_makes_it_busy(
    store: Store, clock: FixedClock
) -> None:
    store.write(lambda c: c.exec_driver_sql("PRAGMA busy_timeout=20").scalar())
    other = Database(store.path)
    other.conn.isolation_level = None
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="held by another process"):
        store.write(noting(clock, "no"))
    other.rollback()
    assert store.write(noting(clock, "yes")) == "yes"
    other.close()


async def test_a_full_queue_is_refused_at_once(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_WAITING", 2)
    results = await together(store, *[noting(clock, "x")] * 3)
    assert results[:2] == ["x", "x"]
    assert isinstance(results[2], StoreBusy)


def test_a_closed_store_takes_nothing(tmp_path: Path, clock: FixedClock) -> None:
    store = Store.open(tmp_path)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.write(noting(clock, "x"))


def test_closing_finishes_what_is_queued(tmp_path: Path, clock: FixedClock) -> None:
    store = Store.open(tmp_path)
    threads = [
        threading.Thread(target=store.write, args=(noting(clock, str(n)),)) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    store = Store.open(tmp_path)
    assert len(details(store)) == 20
    store.close()


async def test_a_check_in_waits_for_others_to_share_its_commit(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "GATHER_SECONDS", 0.3)
    seen_by_readers: list[int] = []

    def counting(connection: Connection) -> None:
        events.add(connection, clock(), "test", "", f"{len(seen_by_readers)}")
        seen_by_readers.append(len(details(store)))

    first = asyncio.create_task(store.submit(counting))
    for _ in range(20):
        await asyncio.to_thread(details, store)
    await asyncio.gather(first, store.submit(counting))
    assert seen_by_readers == [0, 0]
