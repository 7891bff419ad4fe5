"""What holds for a whole pack, and what its rows add up to."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from collector.export.columns import WaiverRow


@dataclass(frozen=True, slots=True)
class Heading:
    """`since`: the moment of the pack before; None: this is the first. `scope`: "all", or
    "group:NAME"; `pseudonyms`: people stand under pseudonyms. `erased_...`: how many were erased
    since the moment, of whom nothing is left to be told.
    """

    as_of: datetime
    collector: str
    environment: str
    policy_version: int
    scope: str = "all"
    pseudonyms: bool = False
    since: datetime | None = None
    erased_devices: int = 0
    erased_people: int = 0


@dataclass(slots=True)
class Totals:
    """Counted while the rows go by, so that they are those of the rows.

    `ending`: the waivers in force that end soon, the first to end first; not more than a page.
    """

    rows: Counter[str] = field(default_factory=Counter)
    devices: Counter[str] = field(default_factory=Counter)
    platforms: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    counting: Counter[str] = field(default_factory=Counter)
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)
    fixes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    waivers: Counter[str] = field(default_factory=Counter)
    ending: list[WaiverRow] = field(default_factory=list)
    never_reported: int = 0
    without_owner: int = 0
