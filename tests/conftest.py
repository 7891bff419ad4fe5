"""Options and switches of the whole test suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--recordings", help="folder of recorded hosts with EXPECTED.md tables")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The recordings of others run only where their folder is named."""
    if config.getoption("--recordings") is None:
        kept = [item for item in items if item.get_closest_marker("recordings") is None]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
