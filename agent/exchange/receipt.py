"""Whoever uses the device can see exactly which bytes left it.

One file a request: a line of JSON (what, when, what came of it), then the bytes as they were sent.
The report that the collector holds is kept, however many requests came after it.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from google.protobuf.message import DecodeError

from agent import durable
from agent.exchange import progress
from agent.state import State, StateError
from protos.posture.v1.posture_service_pb2 import CheckInRequest

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

    @property
    def posture_digest(self) -> str:
        """SHA-256 of the posture in it, as the collector computes it; "" if it is no report."""
        if self.kind != "check_in":
            return ""
        try:
            request = CheckInRequest.FromString(self.content)
        except DecodeError:
            return ""
        return hashlib.sha256(request.report.posture).hexdigest() if request.report.posture else ""


class Receipts:
    """The last requests of one agent. `in_force`: the digest of the posture the collector holds."""

    def __init__(self, folder: Path, in_force: str = "") -> None:
        self._folder = folder
        self._in_force = in_force

    @classmethod
    def of(cls, state: State) -> "Receipts":
        return cls(state.path("receipts"), progress.load(state).accepted_digest)

    def add(self, receipt: Receipt) -> Path:
        """Take down a request before it is sent; the oldest make room."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            paths = self._paths()
            number = int(paths[-1].stem) + 1 if paths else 1
            path = self._folder / f"{number:012d}.receipt"
            durable.write(path, _to_bytes(receipt))
            self._make_room()
        except OSError as error:
            raise StateError(f"cannot write to {self._folder}: {error.strerror}") from error
        return path

    def _make_room(self) -> None:
        old = self._paths()[:-MOST]
        kept = self._report(self._in_force) if old else None
        for path in old:
            if kept is None or path != kept[0]:
                path.unlink()

    def settle(self, path: Path, receipt: Receipt) -> None:
        """Add what came of it."""
        try:
            durable.write(path, _to_bytes(receipt))
        except OSError as error:
            raise StateError(f"cannot write to {self._folder}: {error.strerror}") from error

    def last(self, count: int) -> list[Receipt]:
        """The newest first; what cannot be read is left out."""
        return [receipt for _, receipt in self._readable()][:count]

    def report(self, posture_digest: str) -> Receipt | None:
        """The newest one with this posture."""
        found = self._report(posture_digest)
        return None if found is None else found[1]

    def last_and_in_force(self) -> list[Path]:
        """The newest check-in, and the report that the collector holds."""
        last = next((path for path, each in self._readable() if each.kind == "check_in"), None)
        held = self._report(self._in_force)
        return [path for path in {last, held[0] if held else None} if path is not None]

    def _report(self, posture_digest: str) -> tuple[Path, Receipt] | None:
        if not posture_digest:
            return None
        fits = (each for each in self._readable() if each[1].posture_digest == posture_digest)
        return next(fits, None)

    def _readable(self) -> Iterator[tuple[Path, Receipt]]:
        for path in reversed(self._paths()):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                yield path, _from_bytes(path.read_bytes())

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
