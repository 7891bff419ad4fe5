"""A collector with devices of every kind, and packs of it."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.export import FORMATS, packing
from collector.export.desk import Desk
from collector.store import Store
from tests.collector.export.fleet import NOW, everyone
from tests.collector.export.weekly import Weekly, weekly_of

WEEK = timedelta(days=7)


@dataclass
class Packing:
    desk: Desk
    out: Path

    def order(self, as_of: datetime = NOW, **more: Any) -> packing.Order:
        usual = {"since": NOW - WEEK, "formats": (*FORMATS, "html")}
        return packing.Order(as_of, self.out, **(usual | more))

    def pack(self, as_of: datetime = NOW, **more: Any) -> Path:
        return packing.pack(self.desk, self.order(as_of, **more), lambda what, count: None).path


def files_of(pack: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(pack) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table_of(pack: Path, name: str) -> list[dict[str, str]]:
    text = files_of(pack)[f"{name}.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "data")
    opened.write(everyone)
    yield opened
    opened.close()


@pytest.fixture
def packer(store: Store, tmp_path: Path) -> Packing:
    return Packing(Desk.of(store, tmp_path / "data"), tmp_path / "out")


@pytest.fixture
def weekly(tmp_path: Path) -> Iterator[Weekly]:
    yield from weekly_of(tmp_path / "data")
