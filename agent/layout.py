"""Everything the agent prints fits 80 columns and holds no control characters. Pure."""

import textwrap
from collections.abc import Iterable

from agent.language import say
from agent.printable import shorten
from agent.words import describe, reason
from protos.posture.v1.signals_pb2 import Gap, Observation

WIDTH = 80
LONGEST = 2000


def row(label: str, words: Iterable[str], column: int) -> list[str]:
    """A label and its lines beside it; a long line goes on below itself, indented."""
    lines: list[str] = []
    for said in words:
        lines += textwrap.wrap(
            shorten(said, LONGEST),
            WIDTH - column,
            subsequent_indent="  ",
            break_on_hyphens=False,
        )
    label = "".join(c if c.isprintable() else " " for c in label)
    beside = [label.ljust(column) + lines[0]] if lines and len(label) < column else []
    first = beside or [label[:WIDTH]]
    return [line.rstrip() for line in first] + [
        " " * column + line for line in lines[len(beside) :]
    ]


def table(observations: Iterable[Observation]) -> list[str]:
    """What was seen, a paragraph a signal, with its evidence below."""
    lines: list[str] = []
    for observation in observations:
        said = describe(observation)
        said += [_unseen(gap) for gap in observation.gaps]
        said += [f"· {evidence.source}: {evidence.said}" for evidence in observation.evidence]
        lines += [*row(observation.signal, said, 17), ""]
    return lines[:-1]


def _unseen(gap: Gap) -> str:
    return say(
        "not seen: %(field)s (%(reason)s): %(detail)s",
        field=gap.field,
        reason=reason(gap.reason),
        detail=gap.detail,
    )
