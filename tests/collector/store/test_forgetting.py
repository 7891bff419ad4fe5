"""A forgotten device leaves no name, also where another device is said to be like it."""

import sqlite3
from pathlib import Path

from collector.model import FormFactor, Platform
from collector.store import Store, devices, events, letters, ownership
from collector.store.devices import InventoryRow
from collector.store.forgetting import forget_device
from tests.collector.desk import Desk, firewall, posture
from tests.fakes import FixedClock

NAME = "canary-laptop"


def test_its_twin_goes_on_without_its_name(store: Store, clock: FixedClock, tmp_path: Path) -> None:
    parts = {"board": b"x" * 31 + b"y"}
    for device_id, hostname in (("one", NAME), ("two", "other")):
        row = InventoryRow(hostname, Platform.LINUX, FormFactor.LAPTOP, fingerprint=parts)
        store.write(lambda c, i=device_id, r=row: devices.add(c, i, r, clock()))
    because = f"same hardware as {NAME}, which reported minutes before"
    detail = f"two has the hardware of {NAME} (one)"
    store.write(lambda c: devices.quarantine(c, "two", because, clock()))
    store.write(lambda c: devices.release(c, "two", clock()))
    store.write(lambda c: devices.quarantine(c, "two", because, clock()))
    store.write(lambda c: events.add(c, clock(), "same hardware", "two", detail))
    store.write(lambda c: forget_device(c, "one"))
    twin = store.read(lambda c: devices.get(c, "two"))
    assert twin is not None
    assert twin.quarantined_because.startswith("same hardware as a forgotten device, which")
    assert NAME not in everything(tmp_path / "data")


def everything(folder: Path) -> str:
    file = sqlite3.connect(folder / "collector.sqlite3")
    try:
        tables = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        kept = [name for (name,) in tables if name != letters.TABLE]  # its parts are tables, too
        rows = [file.execute(f'SELECT * FROM "{name}"').fetchall() for name in kept]
        return repr(rows)
    finally:
        file.close()


TRACE = b"qvxzcanary"
"""Found nowhere by chance; names, serial numbers and evidence of the device hold it."""


def test_what_was_forgotten_is_overwritten_in_the_file(tmp_path: Path, clock: FixedClock) -> None:
    """Also what the device said before: rows that were replaced lie in the file's free places."""
    trace = TRACE.decode()
    store = Store.open(tmp_path / "data", clock=clock)
    row = InventoryRow(trace, Platform.LINUX, FormFactor.LAPTOP, serial=f"{trace}-1", model=trace)
    store.write(lambda c: devices.add(c, "d1", row, clock()))
    desk = Desk(store, clock)
    for number in range(1, 60):  # reports of several pages of the file, each replacing another
        said = f"{trace} {number} " * (300 if number % 2 else 3)
        desk.report(number, posture(firewall(blocked=number % 3 == 0, said=said), hostname=trace))
        clock.advance(minutes=10)
    owner = f"{trace}@example.org"
    store.write(lambda c: ownership.set_owners(c, {"d1": owner}, clock(), "admin"))
    store.close()
    assert TRACE in b"".join(files(tmp_path / "data"))
    store = Store.open(tmp_path / "data", clock=clock)
    store.write(lambda c: devices.retire(c, "d1", clock()))
    store.write(lambda c: forget_device(c, "d1"))
    store.write(lambda c: ownership.forget_person(c, owner))
    store.close()  # and with it what the write-ahead log holds goes into the file
    assert TRACE not in b"".join(files(tmp_path / "data"))


def files(folder: Path) -> list[bytes]:
    return [each.read_bytes() for each in sorted(folder.glob("collector.sqlite3*"))]
