"""One table of a settings file: values are taken by their form, and what is left over is wrong."""

import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from collector.config import ConfigError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Table:
    """One table of the file: what was not taken from it is a mistake in writing."""

    def __init__(self, values: dict[str, object], file: Path, place: str) -> None:
        self._values = dict(values)
        self._file = file
        self._place = place

    def wrong(self, key: str, what: str) -> ConfigError:
        return ConfigError(f"{self._place}: {key}: {what}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self._values.pop(key, default)
        if value is None:
            raise self.wrong(key, "is not set")
        if not isinstance(value, str) or not value.isprintable() or len(value) > 500:
            raise self.wrong(key, "must be a line of text")
        return value

    def number(self, key: str, default: int, lowest: int, highest: int) -> int:
        value = self._values.pop(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise self.wrong(key, f"must be a whole number from {lowest} to {highest}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._values.pop(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def path(self, key: str) -> Path:
        """Beside the settings unless it is absolute."""
        return self._file.parent / self.text(key)

    def maybe_path(self, key: str) -> Path | None:
        return self.path(key) if key in self._values else None

    def secret(self, key: str) -> Path:
        """A file that nobody else can read."""
        path = self.path(key)
        try:
            mode = path.stat().st_mode
        except OSError as error:
            raise self.wrong(key, f"{path} cannot be read: {error.strerror}") from error
        if stat.S_IMODE(mode) & 0o077:
            raise self.wrong(key, f"{path} can be read by others: run `chmod 600 {path}`")
        return path

    def tables(self, key: str) -> "Iterator[Table]":
        value = self._values.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.wrong(key, f"write each one under [[{key}]]")
        for number, each in enumerate(value, 1):
            yield Table(each, self._file, f"{self._place}: {key} {number}")

    def table(self, key: str) -> "Table | None":
        value = self._values.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, f"write it under [{key}]")
        return Table(value, self._file, f"{self._place}: {key}")

    def done(self) -> None:
        for key in self._values:
            raise self.wrong(key, "no such setting here")

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of lines; empty when it is not set."""
        value = self._values.pop(key, [])
        if not isinstance(value, list) or len(value) > 100:
            raise self.wrong(key, 'write a list, for example ["one", "two"]')
        each = Table({str(number): text for number, text in enumerate(value)}, self._file, key)
        return tuple(each.text(str(number)) for number in range(len(value)))

    def has(self, key: str) -> bool:
        return key in self._values

    def url(self, key: str) -> str:
        """HTTPS; plain HTTP only where it never leaves the machine."""
        return checked_url(self, key, self.text(key))


def checked_url(table: Table, key: str, url: str) -> str:
    """The address as it stands. Raises ConfigError that names the key."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise table.wrong(key, "is not an address") from None
    if parts.scheme == "http" and host in LOOPBACK:
        return url
    if parts.scheme != "https" or not host or parts.username is not None:
        raise table.wrong(key, "write https://HOST and a path, without a name or password in it")
    return url
