"""How this device stands, in one value: from the agent's own state, or from what it shows to all.

`agent.shown` writes it for people who are not root, and reads it back.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import DecodeError

from agent import config
from agent.config import Config
from agent.exchange import progress as record
from agent.exchange.spool import Spool
from agent.exchange.times import in_range
from agent.state import State
from protos.posture.v1.posture_service_pb2 import CheckInResponse


class NotStanding(ValueError):
    """The bytes are not what `to_bytes` writes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`trouble`: why the last attempt failed, "" if it did not. `response`: None before the first
    answer."""

    config: Config
    checked_in_at: datetime | None
    answered_at: datetime | None
    trouble: str
    waiting: int
    dropped: int
    response: CheckInResponse | None


def of_state(state: State) -> Standing:
    """Raises NotEnrolled and StateError."""
    progress, spool = record.load(state), Spool(state.path("spool"))
    return Standing(
        config=config.load(state),
        checked_in_at=progress.checked_in_at,
        answered_at=progress.answered_at,
        trouble=progress.trouble,
        waiting=spool.waiting,
        dropped=spool.dropped,
        response=record.last_answer(state),
    )


def head(standing: Standing) -> dict[str, Any]:
    """All but the answer, as JSON knows it, without the proxy: it may hold a password."""
    collector = asdict(standing.config)
    del collector["proxy"]
    return {
        "collector": collector,
        "checked_in_at": _written(standing.checked_in_at),
        "answered_at": _written(standing.answered_at),
        "trouble": standing.trouble or None,
        "unsent": standing.waiting,
        "dropped": standing.dropped,
    }


def to_bytes(standing: Standing) -> bytes:
    """A line of JSON, then the response with nothing in it but the answer."""
    answer = CheckInResponse()
    if standing.response is not None:
        answer.answer.CopyFrom(standing.response.answer)
    return json.dumps(head(standing)).encode() + b"\n" + answer.SerializeToString()


def from_bytes(content: bytes) -> Standing:
    """Raises NotStanding."""
    line, _, rest = content.partition(b"\n")
    try:
        said = json.loads(line)
        response = CheckInResponse.FromString(rest)
        return Standing(
            config=Config(**{name: str(each) for name, each in said["collector"].items()}),
            checked_in_at=_read(said["checked_in_at"]),
            answered_at=_read(said["answered_at"]),
            trouble=str(said["trouble"] or ""),
            waiting=int(said["unsent"]),
            dropped=int(said["dropped"]),
            response=response if response.HasField("answer") and in_range(response) else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError, DecodeError) as error:
        raise NotStanding(f"{type(error).__name__}: {error}") from error


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _read(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written).astimezone(UTC)
