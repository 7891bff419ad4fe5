"""Options and switches of the whole test suite."""

import os

import pytest
from hypothesis import settings

# The same examples every time, so that a change is red only for what it did; to look for new
# ones run with HYPOTHESIS_PROFILE=explore.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--recordings", help="folder of recorded hosts with EXPECTED.md tables")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The recordings of others run only where their folder is named."""
    if config.getoption("--recordings") is None:
        kept = [item for item in items if item.get_closest_marker("recordings") is None]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
