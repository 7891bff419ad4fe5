"""The line on which each key of a sound TOML text is written, which tomllib does not tell."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

Path = tuple[str, ...]

TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{1,2}(?!"))?'  # strings first: what they hold is no syntax
    r"|'''.*?'''(?:'{1,2}(?!'))?"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}\n]",
    re.DOTALL,
)


def lines_of(text: str) -> dict[Path, int]:
    """The first line of every table and key, counted from 1. `text` must be sound TOML.

    >>> lines_of('name = "x"\\n[rules.a]\\ngrace_days = 2')[("rules", "a", "grace_days")]
    3
    """
    found: dict[Path, int] = {}
    table: Path = ()
    for number, line in _statements(text):
        if line.startswith("["):
            path = table = _path(tomllib.loads(line))
        else:
            path = table + _key(line)
        for length in range(1, len(path) + 1):
            found.setdefault(path[:length], number)
    return found


def line_of(found: dict[Path, int], path: Path) -> int:
    """The line of a key, or of the nearest thing around it; 0 when there is none."""
    for length in range(len(path), 0, -1):
        if path[:length] in found:
            return found[path[:length]]
    return 0


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The first line of every statement; the later lines of long values are passed over."""
    rows = text.split("\n")
    number, depth, starts = 0, 0, True
    for piece in (*TOKEN.findall(text), "\n"):
        if starts:
            row = rows[number].strip()
            if row and not row.startswith("#"):
                yield number + 1, row
            starts = False
        if piece in "[{":
            depth += 1
        elif piece in "]}":
            depth -= 1
        number += piece.count("\n")
        starts = piece == "\n" and depth == 0


def _key(line: str) -> Path:
    """The key of a statement, which may be dotted and quoted and may hold an equals sign."""
    end = line.find("=")
    while end >= 0:
        try:
            return _path(tomllib.loads(line[:end] + "= 0"))
        except tomllib.TOMLDecodeError:
            end = line.find("=", end + 1)
    return ()


def _path(document: dict[str, Any]) -> Path:
    path: list[str] = []
    inner: Any = document
    while isinstance(inner, dict) and inner:
        key, inner = next(iter(inner.items()))
        path.append(key)
    return tuple(path)
