"""Where a replica keeps what it is given: a folder, an object store, a log host that only listens.

Every method returns once the other side holds it, or raises `Unreachable`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Unreachable(Exception):
    """The replica cannot be asked or written now; str() says why, in one line."""


class Lost(Exception):
    """The replica does not hold what it acknowledged; str() says what is missing."""


@dataclass(frozen=True, slots=True)
class Part:
    """Whole lines of one segment, and where in it they belong."""

    segment: int
    offset: int
    content: bytes


class Shelf(Protocol):
    """`readable`: whether it can give back what it holds."""

    readable: bool

    def state(self) -> bytes | None:
        """What `keep_state` was last given; None: nothing was kept here yet."""

    def keep_state(self, content: bytes) -> None:
        """Replace it in one step."""

    def keep_key(self, content: bytes) -> None:
        """The public key of the log, beside the segments."""

    def append(self, part: Part) -> None:
        """Add to a segment at this place; what lies beyond it was never acknowledged.

        Raises Lost when the segment holds less than `part.offset` bytes.
        """

    def read(self, segment: int) -> bytes:
        """Everything that is held of the segment; empty when there is none of it."""

    def drop(self, segment: int) -> None:
        """Forget a segment; one that is gone already is no trouble."""

    def now(self) -> datetime:
        """The replica's own clock, where it has one."""
