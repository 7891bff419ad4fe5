"""Every trouble of the agent's own has a sentence that says what to do about it."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import agent
from agent.config import BadAddress
from agent.exchange import contact
from agent.exchange.contact import WrongTime
from agent.exchange.enrollment import BadString
from agent.exchange.troubles import TransportError, Unreachable
from agent.remedies import BY_WORDS, REMEDIES, to_do
from agent.state import StateError
from tests.agent.certificates import TestAuthority
from tests.agent.served import served


def kinds() -> Iterator[type[Exception]]:
    for module in pkgutil.walk_packages(agent.__path__, "agent."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    waiting: list[type[Exception]] = [TransportError, StateError, BadAddress, BadString]
    while waiting:
        kind = waiting.pop()
        yield kind
        waiting += kind.__subclasses__()


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=str), ids=lambda kind: kind.__name__)
def test_every_kind_of_trouble_has_a_remedy_of_its_own(kind: type[Exception]) -> None:
    assert kind in REMEDIES
    assert len(REMEDIES[kind]) > 15
    assert to_do(kind("x"))


def test_no_remedy_is_for_a_trouble_that_does_not_exist() -> None:
    assert set(REMEDIES) == set(kinds())


@pytest.mark.parametrize(("words", "do"), BY_WORDS)
def test_what_was_not_reached_is_told_apart_by_words_that_are_said(words: str, do: str) -> None:
    assert to_do(Unreachable(f"c.example:1: {words}")) == do
    sources = [path.read_text() for path in Path(contact.__file__).parent.glob("*.py")]
    assert any(re.search(rf'"[^"]*{re.escape(words)}', source) for source in sources)


@pytest.mark.parametrize(
    ("days", "said"), [(-400, "has ended, by this device's clock"), (400, "is not valid yet, by")]
)
def test_a_clock_that_is_far_off_is_named_as_the_likely_reason(days: int, said: str) -> None:
    made = TestAuthority(datetime.now(UTC) + timedelta(days=days))
    with served(made) as address, pytest.raises(WrongTime, match=said) as raised:
        contact.verify(address, made.pem)
    assert f"{datetime.now(UTC):%Y-%m-%d}" in str(raised.value)
    assert to_do(raised.value).startswith("set this device's clock right")


def test_another_authority_is_no_matter_of_clocks() -> None:
    with served(TestAuthority()) as address, pytest.raises(contact.NotTrusted) as raised:
        contact.verify(address, TestAuthority().pem)
    assert not isinstance(raised.value, WrongTime)
    assert "do not enroll anew" in to_do(raised.value)
