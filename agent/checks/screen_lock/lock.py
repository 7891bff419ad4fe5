"""What one source says of one person's lock, and which of several sources decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.host import CannotTell


@dataclass(frozen=True, slots=True)
class Lock:
    """One answer. `locks` is None when it cannot be told; `trouble` then says why.

    `at_latest`: it locks after that time, and what was not seen may lock sooner.
    """

    source: str
    said: str
    locks: bool | None = None
    idle_seconds: int | None = None
    delay_seconds: int | None = None
    enforced: bool | None = None
    trouble: CannotTell | None = None
    at_latest: bool = False


def unclear(source: str, trouble: CannotTell, said: str = "") -> Lock:
    """The source is there and does not tell."""
    return Lock(source, said or f"no answer: {trouble}", trouble=trouble)


def decisive(answers: Sequence[Lock]) -> Lock:
    """The soonest lock; else the answer that leaves one possible; else that there is none."""
    sure = [one for one in answers if one.locks]
    if sure:
        return min(sure, key=lambda one: (one.idle_seconds or 0) + (one.delay_seconds or 0))
    return next((one for one in answers if one.locks is None), answers[0])
