"""What is set once for a collector and outlives a start: `collector.toml` in its data folder.

Where copies of the audit log go, and whom an incident calls. Only whoever may write the data folder
sets it; no page does, so no visitor can make the collector call an address.
"""

import re
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from collector.config import Address, ConfigError, parse_address

FILE = "collector.toml"
WANTED = 3
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PREFIX = re.compile(r"([A-Za-z0-9_-]+/)*")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """A folder that is another machine's or another disk's."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class SyslogSettings:
    """`authority`: who signed the server's certificate; None: an authority the system trusts."""

    name: str
    address: Address
    server_name: str
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class S3Settings:
    """`keys_file` holds two lines: the id of the access key, and its secret."""

    name: str
    url: str
    bucket: str
    prefix: str
    region: str
    keys_file: Path
    authority: Path | None = None


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """Who is called when an incident opens. `secret_file` holds what the calls are signed with."""

    webhook: str
    secret_file: Path
    authority: Path | None = None


ReplicaSettings = DirectorySettings | SyslogSettings | S3Settings


@dataclass(frozen=True, slots=True)
class Settings:
    """`wanted`: how many replicas the policy asks for."""

    replicas: tuple[ReplicaSettings, ...] = ()
    wanted: int = WANTED
    channel: ChannelSettings | None = None


def read_settings(folder: Path) -> Settings:
    """The settings of this data folder; without the file, the defaults. Raises ConfigError."""
    path = folder / FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return _settings(_Table(content, path, FILE))


class _Table:
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

    def tables(self, key: str) -> "Iterator[_Table]":
        value = self._values.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.wrong(key, f"write each one under [[{key}]]")
        for number, each in enumerate(value, 1):
            yield _Table(each, self._file, f"{self._place}: {key} {number}")

    def table(self, key: str) -> "_Table | None":
        value = self._values.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, f"write it under [{key}]")
        return _Table(value, self._file, f"{self._place}: {key}")

    def done(self) -> None:
        for key in self._values:
            raise self.wrong(key, "no such setting here")


def _settings(table: _Table) -> Settings:
    replicas = tuple(_replica(each) for each in table.tables("replica"))
    names = [each.name for each in replicas]
    for name in names:
        if names.count(name) > 1:
            raise table.wrong("replica", f"two have the name {name!r}")
    wanted = table.number("replicas_wanted", WANTED, 0, 20)
    channel = table.table("channel")
    found = Settings(replicas, wanted, _channel(channel) if channel else None)
    table.done()
    return found


def _replica(table: _Table) -> ReplicaSettings:
    name, kind = table.text("name"), table.text("kind")
    if not NAME.fullmatch(name):
        raise table.wrong("name", "use 1 to 31 small letters, digits and hyphens")
    readers = {"directory": _directory, "syslog": _syslog, "s3": _s3}
    if kind not in readers:
        raise table.wrong("kind", f"{kind!r} is not one of {', '.join(readers)}")
    found = readers[kind](table, name)
    table.done()
    return found


def _directory(table: _Table, name: str) -> ReplicaSettings:
    path = Path(table.text("path"))
    if not path.is_absolute():
        raise table.wrong("path", "give the whole path, from /")
    return DirectorySettings(name, path)


def _syslog(table: _Table, name: str) -> ReplicaSettings:
    try:
        address = parse_address(table.text("address"), "address")
    except ConfigError as error:
        raise table.wrong("address", "write HOST:PORT, for example loghost:6514") from error
    certificate, key = table.maybe_path("certificate"), table.maybe_path("key")
    if (certificate is None) != (key is None):
        raise table.wrong("certificate", "give certificate and key, or neither")
    server_name = table.text("server_name", address.host)
    authority = table.maybe_path("authority")
    return SyslogSettings(name, address, server_name, authority, certificate, key)


def _s3(table: _Table, name: str) -> ReplicaSettings:
    bucket, prefix = table.text("bucket"), table.text("prefix", "")
    if not BUCKET.fullmatch(bucket):
        raise table.wrong("bucket", "is not the name of a bucket")
    if not PREFIX.fullmatch(prefix):
        raise table.wrong("prefix", "write words with / after each, for example muster/")
    return S3Settings(
        name,
        _url(table, "url"),
        bucket,
        prefix,
        table.text("region", "us-east-1"),
        table.secret("keys_file"),
        table.maybe_path("authority"),
    )


def _channel(table: _Table) -> ChannelSettings:
    channel = ChannelSettings(
        _url(table, "webhook"), table.secret("secret_file"), table.maybe_path("authority")
    )
    table.done()
    return channel


def _url(table: _Table, key: str) -> str:
    """HTTPS; plain HTTP only where it never leaves the machine."""
    url = table.text(key)
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise table.wrong(key, f"{url!r} is not an address") from None
    if parts.scheme == "http" and host in LOOPBACK:
        return url
    if parts.scheme != "https" or not host or parts.username is not None:
        raise table.wrong(key, "write https://HOST and a path, without a name or password in it")
    return url
