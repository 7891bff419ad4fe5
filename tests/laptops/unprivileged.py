"""What an ordinary account is shown of a laptop: less than root is, and never anything else."""

import json
from collections.abc import Collection
from typing import Any

from tests.laptops.case import Row
from tests.laptops.running import Laptop

DENIED = "UNKNOWN_REASON_PERMISSION_DENIED"
TIMED_OUT = "UNKNOWN_REASON_TIMED_OUT"
MOST_LOOKS = 4
CHECK = "muster-agent check --json"
Outcome = dict[str, Any]


def seen_by_alice(laptop: Laptop, denied: Collection[str]) -> list[Row]:
    """All or a part of the `denied` signals is unknown to alice; the rest is as for root."""
    as_root = _looked(laptop, CHECK)
    as_alice = _looked(laptop, f"runuser -u alice -- {CHECK}")
    rows = []
    for signal, outcome in as_alice.items():
        expected = "denied" if signal in denied else "the same"
        found, because = compared(as_root[signal], outcome)
        asked = f"as alice: {signal}"
        rows.append(Row(laptop.case.name, asked, expected, found, found == expected, because))
    return rows


def _looked(laptop: Laptop, command: str) -> dict[str, Outcome]:
    """Again where a tool took too long: that says how busy this machine is, not who asks."""
    for _ in range(MOST_LOOKS):
        said = laptop.machine.must(command)
        if TIMED_OUT not in said:
            break
    return _outcomes(said)


def compared(as_root: Outcome, as_alice: Outcome) -> tuple[str, str]:
    """ "the same", "denied" where less was seen for want of permission, else "another", and why."""
    if as_alice == as_root:
        return "the same", ""
    known = as_root.get("gaps", [])
    less = [gap for gap in as_alice.get("gaps", []) if gap not in known]
    less += [as_alice["unknown"]] if "unknown" in as_alice else []
    seen = {part: said for part, said in as_alice.items() if part not in ("gaps", "unknown")}
    strange = beyond(as_root, seen)
    if strange or not less or any(each["reason"] != DENIED for each in less):
        return "another", f"alice sees {strange or as_alice}, root {as_root}"
    return "denied", ""


def beyond(whole: Any, part: Any) -> str:
    """The first thing in `part` that `whole` does not hold; "" when there is none.

    >>> beyond({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}), beyond({"a": 1}, {"a": 2})
    ('', 'a: 2')
    """
    if isinstance(whole, dict) and isinstance(part, dict):
        for key, value in part.items():
            if key not in whole:
                return f"{key}: {value}"
            if found := beyond(whole[key], value):
                return f"{key}: {found}"
        return ""
    if isinstance(whole, list) and isinstance(part, list):
        strange = (one for one in part if all(beyond(other, one) for other in whole))
        return next((str(one) for one in strange), "")
    return "" if whole == part else str(part)


def _outcomes(said: str) -> dict[str, Outcome]:
    """By the signal's name; without the evidence, which says how each account was answered."""
    return {
        seen.pop("signal"): {part: said for part, said in seen.items() if part != "evidence"}
        for seen in json.loads(said)["observations"]
    }
