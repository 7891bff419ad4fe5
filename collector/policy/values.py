"""A value of a policy has the type and the range that is asked for, or is refused in one line."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

E = TypeVar("E", bound=StrEnum)

LONGEST_NAME = 100
LONGEST_QUOTE = 40


class Refused(ValueError):
    """str() says what the value is and what is allowed."""


def whole_number(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        raise Refused(f"{quoted(value)} is not a whole number from {least} to {most}")

    return read


def one_of(words: type[E]) -> Callable[[object], E]:
    def read(value: object) -> E:
        for word in words:
            if value == word.value:
                return word
        raise Refused(f"{quoted(value)} is not one of {', '.join(words)}")

    return read


def some_of(words: type[E]) -> Callable[[object], frozenset[E]]:
    def read(value: object) -> frozenset[E]:
        if not isinstance(value, list) or not value:
            raise Refused(f"{quoted(value)} is not a list with some of {', '.join(words)}")
        return frozenset(one_of(words)(each) for each in value)

    return read


def truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Refused(f"{quoted(value)} is not one of true, false")


def words(value: object) -> str:
    if isinstance(value, str) and value.strip() and value.isprintable():
        if len(value) <= LONGEST_NAME:
            return value
        raise Refused(f"the text has {len(value)} characters; at most {LONGEST_NAME} are read")
    raise Refused(f"{quoted(value)} is not a text of one line")


def table(value: object) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise Refused(f"{quoted(value)} is not a table")


def quoted(value: object) -> str:
    """The value as it is written in TOML, shortened.

    >>> quoted("hihg"), quoted(True)
    ("'hihg'", 'true')
    """
    said = str(value).lower() if isinstance(value, bool) else repr(value)
    return said if len(said) <= LONGEST_QUOTE else said[: LONGEST_QUOTE - 1] + "…"
