"""What the last exchanges left behind; losing it costs one full report and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from google.protobuf.message import DecodeError

from agent.exchange.times import in_range
from agent.state import State
from protos.posture.v1.posture_service_pb2 import CheckInResponse

FILE = "progress.json"
ANSWER = "answer.pb"
SEQUENCE = "sequence"
HIGHEST = (1 << 63) - 1
"""The largest sequence number: what is above it is a defect, and could never be gone beyond."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`accepted_digest` is the posture the collector holds, "" when that is not known.

    `connected`: the collector wants a stream to be held until the next check-in.
    """

    accepted_digest: str = ""
    checked_in_at: datetime | None = None
    answered_at: datetime | None = None
    collector_ahead_seconds: float | None = None
    next_check_in_seconds: int = 0
    trouble: str = ""
    connected: bool = False


def load(state: State) -> Progress:
    """What cannot be understood as a whole is taken for lost."""
    try:
        values = json.loads(state.read(FILE) or b"{}")
        for name in ("checked_in_at", "answered_at"):
            if values.get(name):
                values[name] = datetime.fromisoformat(values[name]).astimezone(UTC)
        values.pop("commands_done", None)  # of versions before 0.2; `ledger` keeps them now
        return Progress(**values) if _fits(values) else Progress()
    except (ValueError, TypeError, AttributeError):
        return Progress()


def _fits(values: Mapping[str, object]) -> bool:
    """Text is text and numbers are numbers. Raises ValueError for a digest that is none."""
    texts = (values.get("accepted_digest", ""), values.get("trouble", ""))
    numbers = (values.get("collector_ahead_seconds") or 0, values.get("next_check_in_seconds", 0))
    bytes.fromhex(str(texts[0]))
    return all(isinstance(text, str) for text in texts) and all(
        isinstance(number, int | float) for number in numbers
    )


def save(state: State, progress: Progress) -> None:
    state.write(FILE, to_json(progress))


def note_trouble(state: State, trouble: str) -> None:
    """Why the last check-in did not come to its end."""
    save(state, replace(load(state), trouble=trouble))


def to_json(progress: Progress) -> bytes:
    values = {name: getattr(progress, name) for name in Progress.__dataclass_fields__}
    for name in ("checked_in_at", "answered_at"):
        values[name] = values[name] and values[name].isoformat()
    return json.dumps(values, indent=1).encode()


def highest_sequence(state: State) -> int:
    """0 when it is lost: the collector's accepted_sequence then lifts it again."""
    try:
        number = int(state.read(SEQUENCE) or b"0")
    except ValueError:
        return 0
    return number if 0 <= number < HIGHEST else 0


def next_sequence(state: State) -> int:
    """A number never used before; it is on disk before it is used."""
    number = highest_sequence(state) + 1
    state.write(SEQUENCE, str(number).encode())
    return number


def lift_sequence(state: State, accepted: int) -> None:
    """Go on from what the collector holds when that is above ours."""
    if highest_sequence(state) < accepted < HIGHEST:
        state.write(SEQUENCE, str(accepted).encode())


def last_answer(state: State) -> CheckInResponse | None:
    """The last response that held an Answer; None when there is none that can be read."""
    content = state.read(ANSWER)
    try:
        response = None if content is None else CheckInResponse.FromString(content)
    except DecodeError:
        return None
    return response if response is not None and in_range(response) else None
