"""Where the log stood at a moment: the last signed checkpoint by then."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from collector.audit.chain import HASH_LENGTH
from collector.audit.entry import Action
from collector.audit.segments import segments

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
