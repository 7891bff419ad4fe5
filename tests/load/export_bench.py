"""The weekly pack over a large fleet, against the least that anybody must do for its tables.

That is a bare dump of the findings as CSV, and XlsxWriter with the same cells.
"""

import csv
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import xlsxwriter
from sqlalchemy import Connection
from sqlite_utils import Database

from collector.export import packing
from collector.export.columns import TABLES
from collector.export.desk import Desk
from collector.export.to_xlsx import MOST_ROWS
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
    sheet = _sheet(packed[0].path, scratch)
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
