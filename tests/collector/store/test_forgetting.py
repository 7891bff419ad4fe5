"""A forgotten device leaves no name, also where another device is said to be like it."""

import sqlite3
from pathlib import Path

from collector.model import FormFactor, Platform
from collector.store import Store, devices, events, letters
from collector.store.devices import InventoryRow
from collector.store.forgetting import forget_device
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
