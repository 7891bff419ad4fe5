"""One bundled collector for the tests that need one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packages.installed.built import Serving, serving


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("collector")) as made:
        yield made


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "agent"
