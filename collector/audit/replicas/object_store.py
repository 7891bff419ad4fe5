"""A replica in an S3-compatible store. An object cannot grow, so a segment lies there in parts.

``parts/000007/000000004096-000000008192`` holds those bytes of segment 7. When the next segment
begins, the parts are put together, from what the store gives back, into ``000007.log``, and go.
Only the notes of where we stand are ever written over, so the bucket may keep versions.
"""

import hashlib
import http.client
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

import msgspec

from collector.audit.replicas.loghost import tls_context
from collector.audit.replicas.shelf import Lost, Part, Unreachable
from collector.audit.replicas.sigv4 import Call, Keys, signed_headers
from collector.audit.signing import PUBLIC_FILE
from collector.config import ConfigError
from collector.settings import S3Settings

STATE, INDEX = "witness.json", "parts.json"
SECONDS = 30.0
MOST_PARTS = 200
"""Beyond these the parts of a segment become one."""
LARGEST_ANSWER = 1 << 28
MISSING = 404

Span = tuple[int, int]


class Index(msgspec.Struct):
    """The spans of the segments that still lie there in parts."""

    parts: dict[int, list[Span]] = {}


class ObjectStore:
    """Speaks HTTP/1.1, signs every request and follows no redirect. Raises ConfigError."""

    readable = True

    def __init__(self, settings: S3Settings, most_parts: int = MOST_PARTS) -> None:
        self._settings = settings
        self._most_parts = most_parts
        self._url = urlsplit(settings.url)
        self._keys = read_keys(settings)
        self._now = datetime.now(UTC)

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
        self._ask("DELETE", _whole(segment))

    def now(self) -> datetime:
        """The store's clock as its last answer told it: ours may have been moved."""
        return self._now

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
            self._ask("DELETE", _part(segment, span))

    def _get(self, name: str) -> bytes | None:
        status, content = self._ask("GET", name)
        return None if status == MISSING else content

    def _put(self, name: str, content: bytes) -> None:
        self._ask("PUT", name, content)

    def _ask(self, method: str, name: str, content: bytes = b"") -> tuple[int, bytes]:
        """Status and content; only "there is no such object" is an answer among the refusals."""
        settings = self._settings
        path = f"{self._url.path.rstrip('/')}/{settings.bucket}/{settings.prefix}{name}"
        digest = hashlib.sha256(content).hexdigest()
        call = Call(method, self._url.netloc, path, digest)
        headers = signed_headers(call, self._keys, settings.region, datetime.now(UTC))
        try:
            connection = self._connection()
            try:
                connection.request(method, quote(path), content or None, headers)
                response = connection.getresponse()
                body = response.read(LARGEST_ANSWER)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{settings.url}: {error}") from error
        self._hear_clock(response.headers.get("Date", ""))
        if response.status == MISSING and b"NoSuchBucket" not in body and method != "PUT":
            return MISSING, b""
        if response.status not in (200, 204):
            reason = body[:200].decode("ascii", "replace")
            words = "".join(letter if letter.isprintable() else " " for letter in reason)
            raise Unreachable(
                f"{settings.url} answers {response.status} to {method} {path}: {words}"
            )
        return response.status, body

    def _connection(self) -> http.client.HTTPConnection:
        host = self._url.hostname or ""
        if self._url.scheme == "http":
            return http.client.HTTPConnection(host, self._url.port, timeout=SECONDS)
        context = tls_context(self._settings.authority)
        return http.client.HTTPSConnection(host, self._url.port, timeout=SECONDS, context=context)

    def _hear_clock(self, date: str) -> None:
        try:
            self._now = parsedate_to_datetime(date)
        except ValueError:
            self._now = datetime.now(UTC)


def read_keys(settings: S3Settings) -> Keys:
    try:
        access, secret = settings.keys_file.read_text(encoding="ascii").split()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{settings.keys_file} must hold two lines: the id of the access key and its secret"
        ) from error
    return Keys(access, secret)


def _whole(segment: int) -> str:
    return f"{segment:06d}.log"


def _part(segment: int, span: Span) -> str:
    return f"parts/{segment:06d}/{span[0]:012d}-{span[1]:012d}"
