"""One bucket: each request is signed, no redirect is followed, and what was refused is said.

HTTP/1.1. A file is sent as a stream, whole or not at all: S3 shows an object once it has all of it.
"""

import hashlib
import http.client
import io
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlsplit

from collector.config import ConfigError
from collector.s3.settings import S3Settings
from collector.s3.sigv4 import Call, Keys, signed_headers
from collector.trust import tls_context

SECONDS = 30.0
LARGEST_ANSWER = 1 << 28
MISSING = 404
PIECE = 1 << 20


class NotReached(Exception):
    """The store did not do what it was asked for; str() says why. `status` 0: no answer came."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status


class Bucket:
    """Raises ConfigError when its keys cannot be read, and NotReached from every question."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._url = urlsplit(settings.url)
        self._keys = read_keys(settings)
        self._now = datetime.now(UTC)

    def get(self, name: str) -> bytes | None:
        status, content = self._ask("GET", name)
        return None if status == MISSING else content

    def put(self, name: str, content: bytes) -> None:
        self._ask("PUT", name, content)

    def put_file(self, name: str, path: Path) -> None:
        """5 GB at most, as S3 takes them in one piece."""
        with path.open("rb") as file:
            digest = hashlib.sha256()
            while piece := file.read(PIECE):
                digest.update(piece)
            size = file.tell()
            file.seek(0)
            self._send("PUT", name, file, size, digest.hexdigest())

    def delete(self, name: str) -> None:
        self._ask("DELETE", name)

    def now(self) -> datetime:
        """The store's clock as its last answer told it: ours may have been moved."""
        return self._now

    def _ask(self, method: str, name: str, content: bytes = b"") -> tuple[int, bytes]:
        digest = hashlib.sha256(content).hexdigest()
        return self._send(method, name, io.BytesIO(content), len(content), digest)

    def _send(
        self, method: str, name: str, body: IO[bytes], size: int, digest: str
    ) -> tuple[int, bytes]:
        """Status and content; only "there is no such object" is an answer among the refusals."""
        settings = self._settings
        path = f"{self._url.path.rstrip('/')}/{settings.bucket}/{settings.prefix}{name}"
        call = Call(method, self._url.netloc, path, digest)
        headers = signed_headers(call, self._keys, settings.region, datetime.now(UTC))
        if size:
            headers["content-length"] = str(size)
        try:
            connection = self._connection()
            try:
                connection.request(method, quote(path), body if size else None, headers)
                response = connection.getresponse()
                answer = response.read(LARGEST_ANSWER)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise NotReached(f"{settings.url}: {error}") from error
        self._hear_clock(response.headers.get("Date", ""))
        if response.status == MISSING and b"NoSuchBucket" not in answer and method != "PUT":
            return MISSING, b""
        if response.status not in (200, 204):
            reason = answer[:200].decode("ascii", "replace")
            words = "".join(letter if letter.isprintable() else " " for letter in reason)
            raise NotReached(
                f"{settings.url} answers {response.status} to {method} {path}: {words}",
                response.status,
            )
        return response.status, answer

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
    """Raises ConfigError."""
    try:
        access, secret = settings.keys_file.read_text(encoding="ascii").split()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{settings.keys_file} must hold two lines: the id of the access key and its secret"
        ) from error
    return Keys(access, secret)
