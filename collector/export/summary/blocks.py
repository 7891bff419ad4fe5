"""What the page consists of: blocks of a title, sentences and a table, whoever sets them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing without words; `says` is what it shows, for who does not see it."""

    svg: str
    says: str


Cell = str | Figure


@dataclass(frozen=True, slots=True)
class Block:
    """`head` and `rows`: a table; its first column is text, the others stand at the right.

    `wide`: over the whole breadth of the page.
    """

    title: str
    lines: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    figure: Figure | None = None
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    language: str
    title: str
    lead: str
    about: Sequence[str]
    blocks: Sequence[Block] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)
