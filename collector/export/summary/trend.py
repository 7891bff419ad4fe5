"""How the fleet stood in the packs that were sealed before, from what they added up to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.export.heading import Totals
from collector.export.manifest import sums
from collector.model import Compliance, Status
from collector.store.packs import SealedPack

MOST_PACKS = 12


@dataclass(frozen=True, slots=True)
class Trend:
    """`moments`: the sums of each pack, oldest first; the last is the one that is being made."""

    moments: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, earlier: Sequence[SealedPack], totals: Totals) -> "Trend":
        return cls([*(json.loads(sealed.sums) for sealed in earlier), sums(totals)])

    def compliant(self) -> list[float | None]:
        """In per cent of all devices."""
        found = []
        for moment in self.moments:
            devices = moment["devices"]
            found.append(percent(devices.get(Compliance.COMPLIANT, 0), sum(devices.values())))
        return found

    def passing(self, rule_id: str) -> list[float | None]:
        """In per cent of the devices that the rule is for; what is unknown does not pass."""
        found = []
        for moment in self.moments:
            counted = moment["rules"].get(rule_id, {})
            asked = [counted.get(each, 0) for each in (Status.PASS, Status.FAIL, Status.UNKNOWN)]
            found.append(percent(asked[0], sum(asked)))
        return found


def percent(part: int, whole: int) -> float | None:
    """None: there is nothing to be a part of."""
    return 100 * part / whole if whole else None


def change(values: Sequence[float | None]) -> float | None:
    """In points, against the pack before."""
    if len(values) < 2 or values[-1] is None or values[-2] is None:
        return None
    return values[-1] - values[-2]
