"""What can come between the agent and its collector, in the agent's own few kinds.

Nothing here knows how the exchange is carried: the part that stays resident needs the kinds only.
"""

import math

RETRY_AFTER = "retry-after"
"""Trailing metadata in which the collector says after how many seconds to come back."""
DAY_SECONDS = 86_400.0


class TransportError(Exception):
    """The exchange did not happen, or not as asked; the message is for people."""


class Unreachable(TransportError):
    """No answer from the collector. It may or may not have received the request."""


class CollectorFailed(TransportError):
    """The collector answered with an error of its own."""


class Refused(TransportError):
    """The collector does not accept this device or this token."""


class Rejected(TransportError):
    """The collector cannot use this one message, however often it is sent."""


class Busy(TransportError):
    """The collector asks to come back later."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


def meaning(code: str, said: str, retry_after: float | None) -> TransportError:
    """One of our errors for a gRPC status with which the collector answered."""
    said = said or "no reason given"
    if code == "RESOURCE_EXHAUSTED" or retry_after is not None:
        return Busy(f"the collector is busy: {said}", retry_after)
    if code in ("UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION"):
        return Refused(f"the collector refuses: {said}")
    if code in ("INVALID_ARGUMENT", "OUT_OF_RANGE", "ALREADY_EXISTS"):
        return Rejected(f"the collector rejects the message: {said}")
    return CollectorFailed(f"the collector answered {code}: {said}")


def hint(value: str | bytes) -> float | None:
    """Seconds between 0 and a day; a hint that is no number is none.

    >>> hint("90"), hint(b"1e9"), hint("soon")
    (90.0, 86400.0, None)
    """
    try:
        seconds = float(value)
    except ValueError:
        return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), DAY_SECONDS)


def with_advice(said: str) -> str:
    """What can be done about a refused connection, beside the operating system's word for it."""
    if said != "connection refused":
        return said
    return f"{said}; is the collector running there, and is this its address?"
