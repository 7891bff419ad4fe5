"""A fresh collector for every test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.collector.service.edge_desk import EdgeDesk, open_desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[EdgeDesk]:
    async with open_desk(tmp_path) as opened:
        yield opened
