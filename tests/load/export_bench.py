"""The weekly pack over a large fleet, against the least that anybody must do for its tables.

That is a bare dump of the findings as CSV, and XlsxWriter with the same cells.
"""

import asyncio
import csv
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import xlsxwriter
from sqlalchemy import Connection
from sqlite_utils import Database

from collector.export.columns import TABLES
from collector.export.to_xlsx import MOST_ROWS
from collector.store import Store, exports, packs
from collector.store.packs import SealedPack
from collector.web.cookie import NAME
from tests.fleet import collector, enroll
from tests.load.beside import Beside, Used, idle_worker, p99
from tests.load.large_fleet import seeded
from tests.load.pages_bench import session

DEVICES = 300
QUIET_SECONDS = 40.0
NO_SUMS = '{"devices": {}, "rules": {}}'

BARE = """SELECT d.hostname, d.owner, d.platform, f.* FROM device d JOIN finding f USING (device_id)
WHERE f.closed_at IS NULL AND d.retired_at IS NULL ORDER BY d.hostname"""


def measure_export(many: int) -> None:
    """The pack as the collector makes it, in a process of its own, while others want something."""
    folder = Path(tempfile.gettempdir()) / f"muster-bench-export-{many}"
    folder.mkdir(exist_ok=True)
    seeded(folder, many).close()
    fleet = enroll(folder, DEVICES, first=int(time.time()) * DEVICES)
    store = Store.open(folder)
    try:
        with collector(folder) as (running, serving):
            assert running.process is not None
            beside = Beside(running.process.pid, serving, fleet, f"{NAME}={session(store)}")
            made = asyncio.run(_made(store, folder, beside))
        with tempfile.TemporaryDirectory() as scratch:
            _compare(store, folder, made, Path(scratch), many)
    finally:
        store.close()


@dataclass(frozen=True)
class Made:
    pack: Path
    wall_seconds: float
    worker: Used
    collector_grew_mb: float


async def _made(store: Store, folder: Path, beside: "Beside") -> Made:
    """One pack, and what check-ins and pages take before, during and after it."""
    started = beside.memory()
    before = await beside.for_seconds(QUIET_SECONDS)
    began = time.perf_counter()
    run = await asyncio.to_thread(_asked, store)
    during = await beside.until(lambda: _over(store, run))
    wall = time.perf_counter() - began
    after = await beside.for_seconds(QUIET_SECONDS)
    print(f"\n{'p99 in ms':<22}{'without':>9}{'during':>9}{'ratio':>8}{'calls':>8}")
    for name in during:
        alone, meanwhile = p99(before[name] + after[name]), p99(during[name])
        ratio, calls = meanwhile / alone, len(during[name])
        print(f"{name:<22}{alone:>9.1f}{meanwhile:>9.1f}{ratio:>8.2f}{calls:>8}", flush=True)
    found = store.read(lambda c: exports.get(c, run))
    assert found is not None
    assert found.is_there, found.trouble
    return Made(folder / "packs" / found.name, wall, beside.worker, beside.memory() - started)


def _asked(store: Store) -> int:
    """A pack with a week before it, so that changes are told."""
    at = datetime.now(UTC).replace(microsecond=0)
    known = SealedPack("all", at - timedelta(days=7), "before.zip", "0" * 64, None, NO_SUMS, at)
    store.write(lambda c: packs.last_before(c, "all", at) or packs.add(c, known))
    return store.write(lambda c: exports.ask(c, "all", at, "bench", at))[0]


def _over(store: Store, number: int) -> bool:
    run = store.read(lambda c: exports.get(c, number))
    return run is None or run.is_over


def _compare(store: Store, folder: Path, made: Made, scratch: Path, many: int) -> None:
    """Processor seconds; the floor is timed in this process, one thing after the other."""
    took, idle = made.worker.cpu_seconds, idle_worker(folder)
    dump = _timed(lambda: store.read(lambda c: _bare(c, scratch / "bare.csv")))
    sheet = _sheet(made.pack, scratch)
    size = made.pack.stat().st_size / 1e6
    wall = made.wall_seconds
    print(f"\nexport of {many:,} devices: {took:.1f} s of a processor, {wall:.1f} s of the clock")
    print(f"bare CSV {dump:.1f} s, XlsxWriter alone {sheet:.1f} s: {took / (dump + sheet):.2f} x")
    print(f"the process: {made.worker.resident_mb - idle:.0f} MB more than when idle ({idle:.0f})")
    print(
        f"the collector: {made.collector_grew_mb:.0f} MB more; the pack: {size:.1f} MB", flush=True
    )


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _bare(connection: Connection, out: Path) -> None:
    with out.open("w", newline="") as file:
        rows = connection.exec_driver_sql(BARE)
        csv.writer(file).writerows(rows.cursor)  # type: ignore[arg-type]


def _sheet(pack: Path, scratch: Path) -> float:
    """Seconds that XlsxWriter takes for the very cells of the pack, one call a cell."""
    with zipfile.ZipFile(pack) as archive:
        tables = Database(archive.extract("posture.sqlite", scratch))
    out = str(scratch / "plain.xlsx")
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "tmpdir": str(scratch)})
    formatted = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    took = 0.0
    for table in TABLES:
        place = 0
        hints = [get_type_hints(table.row)[name] for name in table.columns]
        found = tables.execute(f"SELECT * FROM [{table.name}]")
        while rows := found.fetchmany(MOST_ROWS // 1_000):
            if place % MOST_ROWS == 0:
                sheet = book.add_worksheet()
            typed = [list(map(_typed, hints, row)) for row in rows]
            began = time.process_time()
            for values in typed:
                _put(sheet, place % MOST_ROWS, values, formatted)
                place += 1
            took += time.process_time() - began
    tables.close()
    return took + _timed(book.close)


def _put(sheet: Any, row: int, values: list[tuple[str, Any]], formatted: Any) -> None:
    for column, (write, value) in enumerate(values):
        if write == "write_string":
            sheet.write_string(row, column, value)
        elif write == "write_datetime":
            sheet.write_datetime(row, column, value, formatted)
        elif write:
            getattr(sheet, write)(row, column, value)


def _typed(hint: Any, value: Any) -> tuple[str, Any]:
    """The call that the cell needs; "" when it is empty."""
    if value is None or value == "":
        return "", None
    if hint is str:
        return "write_string", value
    if hint in (int, bool):
        return ("write_number", value) if hint is int else ("write_boolean", bool(value))
    return "write_datetime", datetime.fromisoformat(value).replace(tzinfo=None)
