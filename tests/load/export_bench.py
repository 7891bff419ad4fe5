"""The weekly pack over a large fleet, against the least that anybody must do for its tables.

That is a bare dump of the findings as CSV, and XlsxWriter with the same cells.
"""

import csv
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from collector.export import packing
from collector.export.columns import TABLES
from collector.export.desk import Desk
from collector.export.heading import Heading, Totals
from collector.export.to_xlsx import Writer
from collector.store import Store
from tests.load.large_fleet import seeded

BARE = """SELECT d.hostname, d.owner, d.platform, f.* FROM device d JOIN finding f USING (device_id)
WHERE f.closed_at IS NULL AND d.retired_at IS NULL ORDER BY d.hostname"""


def measure_export(many: int) -> None:
    """Processor seconds of this process; the PDF is set in another one."""
    folder = Path(tempfile.gettempdir()) / f"muster-bench-export-{many}"
    folder.mkdir(exist_ok=True)
    store = seeded(folder, many)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            _measure(store, folder, Path(scratch), many)
    finally:
        store.close()


def _measure(store: Store, folder: Path, scratch: Path, many: int) -> None:
    desk = Desk.of(store, folder)
    at = datetime.now(UTC).replace(microsecond=0)
    before = _peak()
    packed: list[packing.Packed] = []
    order = packing.Order(at, scratch / "out", since=at - timedelta(days=7))
    began = time.perf_counter()
    took = _timed(lambda: packed.append(packing.pack(desk, order, lambda what, count: None)))
    wall, grown = time.perf_counter() - began, _peak() - before
    size = packed[0].path.stat().st_size
    dump = _timed(lambda: store.read(lambda c: _bare(c, scratch / "bare.csv")))
    sheet = _timed(lambda: _sheet(packed[0].totals, at, scratch))
    print(f"\nexport of {many:,} devices: {took:.1f} s of a processor, {wall:.1f} s of the clock")
    print(f"bare CSV {dump:.1f} s, XlsxWriter alone {sheet:.1f} s: {took / (dump + sheet):.2f} x")
    print(f"memory grew by {grown:.0f} MB; the pack has {size / 1e6:.1f} MB", flush=True)


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _peak() -> float:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _bare(connection: Connection, out: Path) -> None:
    with out.open("w", newline="") as file:
        rows = connection.exec_driver_sql(BARE)
        csv.writer(file).writerows(rows.cursor)  # type: ignore[arg-type]


def _sheet(totals: Totals, at: datetime, scratch: Path) -> None:
    """As many rows as the pack has, of cells like its own."""
    writer = Writer(scratch, Heading(at, "muster-collector", "test", 1))
    for table in TABLES:
        values = [_like(each.type) for each in table.row.__dataclass_fields__.values()]
        row = [at if value is None else value for value in values]
        for number in range(totals.rows[table.name]):
            writer.write(table, [number if value == 0 else value for value in row])
    writer.finish(totals)
    writer.close()


def _like(kind: object) -> object:
    return {str: "Every disk volume is encrypted", int: 0, bool: True}.get(kind)  # type: ignore[call-overload]
