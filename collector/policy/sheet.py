"""While a policy is read, each value is taken with its line, or refused there with what to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar

from collector.policy import values
from collector.policy.lines import Path, line_of
from collector.policy.settings import Problem

T = TypeVar("T")


@dataclass(slots=True)
class Sheet:
    """What is known of the text while it is read."""

    lines: dict[Path, int]
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, path: Path, message: str) -> None:
        self.problems.append(Problem(line_of(self.lines, path), ".".join(path), message))

    def take(
        self, table: Mapping[str, Any], path: Path, read: Callable[[object], T], default: T
    ) -> T:
        """The value of the last key of `path` in `table`, or the default when it has none."""
        if path[-1] not in table:
            return default
        try:
            return read(table[path[-1]])
        except values.Refused as why:
            self.refuse(path, str(why))
            return default

    def unknown_keys(self, table: Mapping[str, Any], path: Path, known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                self.refuse((*path, key), not_known("key", key, known))

    def number(
        self,
        table: Mapping[str, Any],
        key: str,
        bounds: tuple[int, int, int],
        path: Path = (),
    ) -> int:
        """`bounds`: default, least, most."""
        default, least, most = bounds
        return self.take(table, (*path, key), values.whole_number(least, most), default)


def not_known(kind: str, word: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(word[:100], known, n=1)
    if near:
        return f"there is no such {kind}; did you mean {near[0]}?"
    return f"there is no such {kind}; known are {', '.join(known)}"
