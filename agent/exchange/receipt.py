"""Whoever uses the device can see exactly which bytes left it.

One file a request: a line of JSON (what, when, what came of it), then the bytes as they were sent.
"""

import contextlib
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent import durable
from agent.state import StateError

MOST = 20
NO_ANSWER_YET = "no answer yet"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One request: `kind` is "check_in", "renew" or "enroll"; `result` is what came of it."""

    kind: str
    sent_at: datetime
    result: str
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class Receipts:
    """The last requests of one agent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, receipt: Receipt) -> Path:
        """Take down a request before it is sent; the oldest make room."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            paths = self._paths()
            number = int(paths[-1].stem) + 1 if paths else 1
            path = self._folder / f"{number:012d}.receipt"
            durable.write(path, _to_bytes(receipt))
            for old in self._paths()[:-MOST]:
                old.unlink()
        except OSError as error:
            raise StateError(f"cannot write to {self._folder}: {error.strerror}") from error
        return path

    def settle(self, path: Path, receipt: Receipt) -> None:
        """Add what came of it."""
        try:
            durable.write(path, _to_bytes(receipt))
        except OSError as error:
            raise StateError(f"cannot write to {self._folder}: {error.strerror}") from error

    def last(self, count: int) -> list[Receipt]:
        """The newest first; what cannot be read is left out."""
        found = []
        for path in reversed(self._paths()):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                found.append(_from_bytes(path.read_bytes()))
        return found[:count]

    def _paths(self) -> list[Path]:
        return sorted(p for p in self._folder.glob("*.receipt") if p.stem.isdecimal())


def _to_bytes(receipt: Receipt) -> bytes:
    head = {
        "kind": receipt.kind,
        "sent_at": receipt.sent_at.isoformat(),
        "result": receipt.result,
    }
    return json.dumps(head).encode() + b"\n" + receipt.content


def _from_bytes(stored: bytes) -> Receipt:
    line, _, content = stored.partition(b"\n")
    head = json.loads(line)
    sent_at = datetime.fromisoformat(head["sent_at"])
    return Receipt(head["kind"], sent_at, head["result"], content)
