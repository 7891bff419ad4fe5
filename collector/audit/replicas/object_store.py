"""A replica in an S3-compatible store. An object cannot grow, so a segment lies there in parts.

``parts/000007/000000004096-000000008192`` holds those bytes of segment 7. When the next segment
begins, the parts are put together, from what the store gives back, into ``000007.log``, and go.
Only the notes of where we stand are ever written over, so the bucket may keep versions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from collector.audit.replicas.shelf import Lost, Part, Unreachable
from collector.audit.signing import PUBLIC_FILE
from collector.s3.bucket import Bucket, NotReached
from collector.s3.settings import S3Settings

STATE, INDEX = "witness.json", "parts.json"
MOST_PARTS = 200
"""Beyond these the parts of a segment become one."""

Span = tuple[int, int]


class Index(msgspec.Struct):
    """The spans of the segments that still lie there in parts."""

    parts: dict[int, list[Span]] = {}


class ObjectStore:
    """Raises ConfigError."""

    readable = True

    def __init__(self, settings: S3Settings, most_parts: int = MOST_PARTS) -> None:
        self._bucket = Bucket(settings)
        self._most_parts = most_parts

    def state(self) -> bytes | None:
        return self._get(STATE)

    def keep_state(self, content: bytes) -> None:
        self._put(STATE, content)

    def keep_key(self, content: bytes) -> None:
        self._put(PUBLIC_FILE, content)

    def append(self, part: Part) -> None:
        index = self._index()
        spans = [each for each in index.parts.get(part.segment, []) if each[1] <= part.offset]
        held = spans[-1][1] if spans else 0
        if held != part.offset:
            raise Lost(f"segment {part.segment:06d} holds {held} of {part.offset} bytes")
        gone: list[tuple[int, list[Span]]] = []
        if len(spans) >= self._most_parts:
            gone.append((part.segment, spans))
            spans = [self._joined(part.segment, spans)]
        span = (part.offset, part.offset + len(part.content))
        self._put(_part(part.segment, span), part.content)
        index.parts[part.segment] = [*spans, span]
        finished = [segment for segment in index.parts if segment < part.segment]
        for segment in finished:
            self._put(_whole(segment), self._assembled(segment, index.parts[segment]))
        gone += [(segment, index.parts.pop(segment)) for segment in finished]
        self._put(INDEX, msgspec.json.encode(index))
        for segment, old in gone:
            self._forget(segment, old)

    def read(self, segment: int) -> bytes:
        spans = self._index().parts.get(segment)
        if spans is None:
            return self._get(_whole(segment)) or b""
        return self._assembled(segment, spans)

    def drop(self, segment: int) -> None:
        self._delete(_whole(segment))

    def now(self) -> datetime:
        """The store's clock as its last answer told it: ours may have been moved."""
        return self._bucket.now()

    def _index(self) -> Index:
        content = self._get(INDEX)
        try:
            return msgspec.json.decode(content, type=Index) if content else Index()
        except msgspec.DecodeError as error:
            raise Lost(f"{INDEX} cannot be read") from error

    def _joined(self, segment: int, spans: list[Span]) -> Span:
        whole = (0, spans[-1][1])
        self._put(_part(segment, whole), self._assembled(segment, spans))
        return whole

    def _assembled(self, segment: int, spans: list[Span]) -> bytes:
        found = []
        for span in spans:
            content = self._get(_part(segment, span))
            if content is None or len(content) != span[1] - span[0]:
                raise Lost(f"{_part(segment, span)} is not there as it was stored")
            found.append(content)
        return b"".join(found)

    def _forget(self, segment: int, spans: list[Span]) -> None:
        for span in spans:
            self._delete(_part(segment, span))

    def _get(self, name: str) -> bytes | None:
        with _reached():
            return self._bucket.get(name)

    def _put(self, name: str, content: bytes) -> None:
        with _reached():
            self._bucket.put(name, content)

    def _delete(self, name: str) -> None:
        with _reached():
            self._bucket.delete(name)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except NotReached as error:
        raise Unreachable(str(error)) from error


def _whole(segment: int) -> str:
    return f"{segment:06d}.log"


def _part(segment: int, span: Span) -> str:
    return f"parts/{segment:06d}/{span[0]:012d}-{span[1]:012d}"
