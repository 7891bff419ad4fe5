"""Which missing beginning of the log is explained: one that a signed record gave up, being old."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.audit.chain import Head

KEPT = timedelta(days=274)
"""No record is purged before it is so old."""


@dataclass(frozen=True, slots=True)
class Claim:
    """That segments up to `through` may be gone; `until`: when the one after them began."""

    through: int
    head: str
    until: str


class Purges:
    """What signed records of the log say was dropped, as far as its age allowed it."""

    def __init__(self) -> None:
        self._claimed: set[Claim] = set()
        self._signed: set[Claim] = set()

    def claim(self, detail: Mapping[str, str], at: str) -> None:
        """What a record of this time says; without a signature after it, it says nothing."""
        through, until = detail.get("through", ""), detail.get("until", "")
        if through.isdecimal() and _is_old(until, at):
            self._claimed.add(Claim(int(through), detail.get("head", ""), until))

    def signed(self) -> None:
        """A good checkpoint covers what was claimed before it."""
        self._signed |= self._claimed

    def explains(self, began: Head, began_at: str) -> bool:
        """Whether the log may begin after segment `began.records`, whose last hash that is.

        A purge that was cut short leaves some of what it named; the chain holds those.
        """
        whole = (began.records, began.hash.hex(), began_at)
        return any(
            (each.through > began.records and began_at <= each.until)
            or (each.through, each.head, each.until) == whole
            for each in self._signed
        )


def _is_old(until: str, at: str) -> bool:
    try:
        return datetime.fromisoformat(at) - datetime.fromisoformat(until) >= KEPT
    except (ValueError, TypeError):
        return False
