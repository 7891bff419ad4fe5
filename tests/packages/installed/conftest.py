"""One bundled collector for the tests that need one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packages.installed.built import Serving, serving
from tests.packages.installed.publishing import Published, published_in


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("collector")) as made:
        yield made


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    with published_in(tmp_path_factory.mktemp("published")) as made:
        yield made


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "agent"
