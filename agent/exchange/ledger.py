"""A command is written down before it is done, so that no repetition does it a second time.

What became of it stays here until the collector has answered to the check-in that told it. An
entry is kept until its command has expired, as until then the same id could come again, and for
an hour, so that what was done lately can be counted.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from agent.exchange.orders import Done
from agent.state import State
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.posture_service_pb2 import CommandReport

FILE = "commands.json"
MOST = 100
"""Commands in force at once; what comes beyond them is not done."""
TOLD_AT_ONCE = 20
"""What became of more is told with the next request, which stays small."""
LONGEST_BECAUSE = 200
LATELY = timedelta(hours=1)

INTERRUPTED = Done(wire.COMMAND_OUTCOME_FAILED, "the agent was interrupted while it was at it")


@dataclass(frozen=True, slots=True)
class Entry:
    """`expires_at` and `begun_at` are in seconds since 1970."""

    id: str
    expires_at: float
    outcome: int
    because: str
    told: bool = False
    action: int = 0
    begun_at: float = 0.0


@dataclass(slots=True)
class Ledger:
    """Use under `State.exclusive`."""

    state: State

    def ids(self) -> frozenset[str]:
        return frozenset(entry.id for entry in self._entries())

    def is_full(self, now: datetime) -> bool:
        return sum(not _over(entry, now) for entry in self._entries()) >= MOST

    def begin(self, command: wire.Command, now: datetime) -> None:
        """Until `settle`, it counts as interrupted."""
        kept = [entry for entry in self._entries() if not _over(entry, now)]
        expires_at = command.expires_at.ToDatetime(tzinfo=UTC).timestamp()
        begun = Entry(
            command.id,
            expires_at,
            INTERRUPTED.outcome,
            INTERRUPTED.because,
            action=command.action,
            begun_at=now.timestamp(),
        )
        self._save([*kept, begun])

    def begun_lately(self, action: int, now: datetime) -> int:
        """How many of this action within the hour, as far as the clock tells."""
        return sum(entry.action == action and _lately(entry, now) for entry in self._entries())

    def settle(self, command_id: str, done: Done) -> None:
        self._save(
            [
                replace(entry, outcome=done.outcome, because=done.because[:LONGEST_BECAUSE])
                if entry.id == command_id
                else entry
                for entry in self._entries()
            ]
        )

    def untold(self) -> list[CommandReport]:
        return [
            CommandReport(
                id=entry.id,
                outcome=wire.CommandOutcome.ValueType(entry.outcome),
                because=entry.because or None,
            )
            for entry in [each for each in self._entries() if not each.told][:TOLD_AT_ONCE]
        ]

    def tell(self, reports: Sequence[CommandReport]) -> None:
        """The collector has answered to a check-in that held these."""
        told = {report.id for report in reports}
        if told:
            self._save(
                [replace(entry, told=entry.told or entry.id in told) for entry in self._entries()]
            )

    def _entries(self) -> list[Entry]:
        """What cannot be read is taken for lost: the collector hands each command out once."""
        try:
            rows = json.loads(self.state.read(FILE) or b"[]")
            return [_entry(row) for row in rows]
        except (ValueError, TypeError, KeyError):
            return []

    def _save(self, entries: Sequence[Entry]) -> None:
        self.state.write(FILE, json.dumps([asdict(entry) for entry in entries]).encode())


def _entry(row: dict[str, object]) -> Entry:
    return Entry(
        str(row["id"]),
        float(str(row["expires_at"])),
        int(str(row["outcome"])),
        str(row["because"]),
        row["told"] is True,
        int(str(row.get("action", 0))),
        float(str(row.get("begun_at", 0.0))),
    )


def _over(entry: Entry, now: datetime) -> bool:
    past = entry.expires_at <= now.timestamp() and not _lately(entry, now)
    return entry.told and past


def _lately(entry: Entry, now: datetime) -> bool:
    """A beginning ahead of the clock is not: the clock was set back since."""
    return timedelta(0) <= timedelta(seconds=now.timestamp() - entry.begun_at) < LATELY
