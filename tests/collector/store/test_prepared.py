"""A prepared statement says what Core would say, and its troubles keep their names."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, bindparam, insert, select

from collector.store import Store, StoreError, StoreFull
from collector.store.prepared import Prepared
from collector.store.schema import certificate, report
from tests.fakes import FixedClock


def issued(clock: FixedClock, serial: str) -> dict[str, object]:
    """With a time between two milliseconds, a time unset, and an empty word."""
    return {
        "serial": serial,
        "device_id": "d",
        "issued_at": clock() + timedelta(microseconds=1999),
        "not_after": clock() + timedelta(days=90),
        "revoked_at": None,
        "revoked_because": "",
    }


def test_values_go_in_and_come_out_as_with_core(store: Store, clock: FixedClock) -> None:
    def by_both_ways(c: Connection) -> None:
        Prepared(insert(certificate)).run(c, issued(clock, "prepared"))
        c.execute(insert(certificate), issued(clock, "core"))

    store.write(by_both_ways)
    query = select(certificate).order_by(certificate.c.serial)
    core = store.read(lambda c: [tuple(row) for row in c.execute(query)])
    prepared = store.read(lambda c: Prepared(query).rows(c))
    assert prepared == core
    assert core[0][1:] == core[1][1:]
    assert prepared[0].issued_at == clock() + timedelta(milliseconds=1)


def test_bytes_and_limits_are_bound_too(store: Store, clock: FixedClock) -> None:
    row = {"device_id": "d", "digest": b"\x00\xff", "posture": b"p"}
    times = {"observed_at": clock(), "received_at": clock()}
    several = [{"sequence": n, **row, **times} for n in (1, 2, 3)]
    store.write(lambda c: Prepared(insert(report)).run(c, *several))
    newest = Prepared(
        select(report.c.sequence, report.c.digest)
        .where(report.c.device_id == bindparam("of_device"))
        .order_by(report.c.sequence.desc())
        .limit(2)
    )
    found = store.read(lambda c: newest.rows(c, of_device="d"))
    assert [tuple(row) for row in found] == [(3, b"\x00\xff"), (2, b"\x00\xff")]
    assert store.read(lambda c: newest.first(c, of_device="nobody")) is None


async def test_a_full_disk_is_named_as_with_core(store: Store, clock: FixedClock) -> None:
    def fill(c: Connection) -> None:
        pages = c.exec_driver_sql("PRAGMA page_count").scalar_one()
        c.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        large = issued(clock, "large") | {"revoked_because": "x" * 100_000}
        Prepared(insert(certificate)).run(c, large)

    with pytest.raises(StoreFull):
        await store.submit(fill)


def test_a_reader_that_writes_is_refused_by_name(store: Store, clock: FixedClock) -> None:
    write = Prepared(insert(certificate))
    with pytest.raises(StoreError, match="cannot be written"):
        store.read(lambda c: write.run(c, issued(clock, "s")))
