"""Where the log stood at a moment, and what it says was erased after it."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from collector.audit.chain import HASH_LENGTH
from collector.audit.entry import Action, Outcome
from collector.audit.segments import segments

ERASURES = {Action.DEVICE_FORGOTTEN: "devices", Action.PERSON_FORGOTTEN: "people"}
NEEDLE = f'"action":"{Action.CHECKPOINT}"'.encode()


@dataclass(frozen=True, slots=True)
class Mark:
    """`records` stood before it, `head` is the hash of the last in hexadecimal; `at` and
    `signature` as the log has them (`chain.signed_words`).
    """

    records: int
    head: str
    key: str
    at: str
    signature: str


def last_mark(folder: Path, by: datetime) -> Mark | None:
    """None: nothing was signed by then, or it has been purged."""
    for segment in reversed(segments(folder)):
        found = None
        with segment.path.open("rb") as file:
            for line in file:
                if NEEDLE in line and (mark := _mark(line, by)):
                    found = mark
        if found is not None:
            return found
    return None


def erased_since(folder: Path, at: datetime) -> dict[str, int]:
    """How many devices and people were erased after the moment, as far back as the log is kept."""
    found = dict.fromkeys(ERASURES.values(), 0)
    for segment in reversed(segments(folder)):
        with segment.path.open("rb") as file:
            first = file.readline()
            for line in file:
                if b".forgotten" in line:
                    _count_erasure(line, at, found)
        if _began_by(first, at):
            break
    return found


def _count_erasure(line: bytes, at: datetime, found: dict[str, int]) -> None:
    """What was written down and then failed is written down as failed, and counts no more."""
    try:
        record = json.loads(line[HASH_LENGTH + 1 :])
        kind = ERASURES.get(record["action"])
        if kind and datetime.fromisoformat(str(record["at"])) > at:
            found[kind] += {Outcome.DONE: 1, Outcome.FAILED: -1}.get(record["outcome"], 0)
    except (ValueError, KeyError, TypeError):
        return


def _began_by(line: bytes, at: datetime) -> bool:
    try:
        began = datetime.fromisoformat(str(json.loads(line[HASH_LENGTH + 1 :])["at"]))
    except (ValueError, KeyError, TypeError):
        return False
    return began <= at


def _mark(line: bytes, by: datetime) -> Mark | None:
    try:
        record = json.loads(line[HASH_LENGTH + 1 :])
        at, detail = str(record["at"]), record["detail"]
        if record["action"] != Action.CHECKPOINT or datetime.fromisoformat(at) > by:
            return None
        records, head = int(detail["records"]), str(detail["head"])
        return Mark(records, head, str(detail["key"]), at, str(detail["signature"]))
    except (ValueError, KeyError, TypeError):
        return None
