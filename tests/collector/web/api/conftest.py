from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.accounts.roles import Role
from tests.collector.web.api import desk as desks
from tests.collector.web.api.desk import Desk, Program


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from desks.desk(tmp_path / "data")


@pytest.fixture
def owner(desk: Desk) -> Program:
    return desk.programs[Role.OWNER]
