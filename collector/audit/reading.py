"""Shows records to people: the newest that were asked for, oldest first."""

import json
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.audit.chain import HASH_LENGTH
from collector.audit.entry import Outcome
from collector.audit.segments import segments
from collector.audit.weeks import BOOKKEEPING, lines_of_week

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


@dataclass(frozen=True, slots=True)
class Question:
    """`action` is how the action begins; an empty text asks for all. `before`: a record's number;
    0: from the newest on."""

    week: str
    action: str = ""
    actor: str = ""
    not_done: bool = False
    before: int = 0


def of_week(folder: Path, question: Question, most: int) -> tuple[list[Shown], bool]:
    """The records of the week that are asked for, newest first; and whether there are more."""
    last: deque[Shown] = deque(maxlen=most + 1)
    needle = f'"action":"{question.action}'.encode()
    for line in lines_of_week(folder, question.week):
        if needle not in line:
            continue
        shown = _shown(line.rstrip(b"\n"))
        if shown is None or not _wanted(shown, question.action, question.actor):
            continue
        if question.before and int(shown.fields["n"]) >= question.before:
            break
        if not question.not_done or shown.outcome != Outcome.DONE:
            last.append(shown)
    found = list(last)[-most:]
    return found[::-1], len(last) > most


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
        shown = _shown(line)
        if shown is not None:
            found.append(shown)
    return found


def _shown(line: bytes) -> Shown | None:
    try:
        fields = json.loads(line[HASH_LENGTH + 1 :])
        at, actor, name, action, outcome, subject = (str(fields[key]) for key in SHOWN)
        return Shown(at, actor, name, action, outcome, subject, fields)
    except (ValueError, KeyError, TypeError):
        return None


def _wanted(shown: Shown, action: str, actor: str) -> bool:
    if not action and shown.action in BOOKKEEPING:
        return False
    return shown.action.startswith(action) and actor in ("", shown.name)
