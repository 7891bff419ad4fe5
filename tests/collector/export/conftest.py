"""A store with devices of every kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.store import Store
from tests.collector.export.fleet import everyone


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "data")
    opened.write(everyone)
    yield opened
    opened.close()
