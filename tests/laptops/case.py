"""A laptop as it is declared: how it is built, what is switched on, what must be found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.laptops.running import Laptop


@dataclass(frozen=True)
class Expected:
    """A verdict; `words` must all stand in its reason or its evidence, in any case."""

    status: str
    words: tuple[str, ...] = ()


def passes(*words: str) -> Expected:
    return Expected("pass", words)


def fails(*words: str) -> Expected:
    return Expected("fail", words)


def unknown(*words: str) -> Expected:
    return Expected("unknown", words)


def not_applicable(*words: str) -> Expected:
    return Expected("not_applicable", words)


@dataclass(frozen=True)
class Case:
    """`setup` runs in the new system before it is written to disk, `at_start` in the booted one
    before the agent is enrolled. `story` is what happens after the first report. `packaged`: the
    agent is not this tree's source but what `make packages` built, and nothing is done by hand.
    """

    name: str
    about: str
    layout: str = "plain"
    packages: tuple[str, ...] = ()
    setup: str = ""
    at_start: tuple[str, ...] = ()
    updated: bool = True
    packaged: bool = False
    expected: Mapping[str, Expected] = field(default_factory=dict)
    story: "Callable[[Laptop], list[Row]] | None" = None


@dataclass(frozen=True)
class Row:
    """One line of the table at the end."""

    case: str
    asked: str
    expected: str
    found: str
    ok: bool
    because: str = ""
