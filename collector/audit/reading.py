"""Shows records to people: the newest that were asked for, oldest first."""

import json
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.audit.chain import HASH_LENGTH
from collector.audit.entry import Action
from collector.audit.segments import segments

BOOKKEEPING = (Action.SEGMENT, Action.CHECKPOINT)
"""Records about the log itself: left out unless they are asked for."""

SHOWN = ("at", "actor", "name", "action", "outcome", "on")


@dataclass(frozen=True, slots=True)
class Shown:
    """One record; `fields` holds all of it as it was written."""

    at: str
    actor: str
    name: str
    action: str
    outcome: str
    subject: str
    fields: dict[str, Any]


def newest(folder: Path, most: int, action: str = "", actor: str = "") -> list[Shown]:
    """The last `most` records whose action begins with `action` and whose actor is `actor`.

    A line that is not of the log is left out: `verifying.verify` is what finds those.
    """
    found: deque[Shown] = deque()
    for segment in reversed(segments(folder)):
        here = [shown for shown in _records(segment.path) if _wanted(shown, action, actor)]
        found.extendleft(reversed(here[-(most - len(found)) :]))
        if len(found) >= most:
            break
    return list(found)


def _records(path: Path) -> list[Shown]:
    found = []
    for line in path.read_bytes().splitlines():
        try:
            fields = json.loads(line[HASH_LENGTH + 1 :])
            at, actor, name, action, outcome, subject = (str(fields[key]) for key in SHOWN)
        except (ValueError, KeyError, TypeError):
            continue
        found.append(Shown(at, actor, name, action, outcome, subject, fields))
    return found


def _wanted(shown: Shown, action: str, actor: str) -> bool:
    if not action and shown.action in BOOKKEEPING:
        return False
    return shown.action.startswith(action) and actor in ("", shown.name)
