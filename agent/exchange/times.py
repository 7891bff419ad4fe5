"""A time that no calendar has gets no further than where it comes in."""

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

EARLIEST_SECONDS, LATEST_SECONDS = -62_135_596_800, 253_402_300_799
"""0001-01-01 and 9999-12-31, the range of google.protobuf.Timestamp."""


def in_range(message: Message) -> bool:
    """Whether every Timestamp in a message is a valid one, however deep it lies."""
    if isinstance(message, Timestamp):
        return EARLIEST_SECONDS <= message.seconds <= LATEST_SECONDS and 0 <= message.nanos < 10**9
    for _, value in message.ListFields():
        parts = [value] if isinstance(value, Message) else value
        if not isinstance(value, str | bytes | int | float) and not all(
            in_range(part) for part in parts if isinstance(part, Message)
        ):
            return False
    return True
