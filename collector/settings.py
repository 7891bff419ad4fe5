"""What is set once for a collector and outlives a start: `collector.toml` in its data folder.

Where copies of the audit log go, and whom the collector tells of what. Only whoever may write the
data folder sets it; no page does, so no visitor can make the collector call an address.
"""

import re
import tomllib
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collector.config import Address, ConfigError, parse_address
from collector.settings_table import Table
from collector.subscriptions import Subscriptions, read_subscriptions
from collector.weekly import DAYS, Weekly

FILE = "collector.toml"
MOST_STREAMS = 10_000
WANTED = 3
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PREFIX = re.compile(r"([A-Za-z0-9_-]+/)*")


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


ReplicaSettings = DirectorySettings | SyslogSettings | S3Settings


@dataclass(frozen=True, slots=True)
class Settings:
    """`wanted`: how many replicas the policy asks for.

    `most_streams`: how many connected agents this collector holds at once.
    """

    replicas: tuple[ReplicaSettings, ...] = ()
    wanted: int = WANTED
    told: Subscriptions = field(default_factory=Subscriptions)
    most_streams: int = MOST_STREAMS
    weekly: Weekly = field(default_factory=Weekly)


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
    return _settings(Table(content, path, FILE))


def _settings(table: Table) -> Settings:
    replicas = tuple(_replica(each) for each in table.tables("replica"))
    names = [each.name for each in replicas]
    for name in names:
        if names.count(name) > 1:
            raise table.wrong("replica", f"two have the name {name!r}")
    wanted = table.number("replicas_wanted", WANTED, 0, 20)
    most_streams = table.number("most_streams", MOST_STREAMS, 0, 100_000)
    told, weekly = read_subscriptions(table), _weekly(table)
    found = Settings(replicas, wanted, told, most_streams, weekly)
    table.done()
    return found


def _weekly(settings: Table) -> Weekly:
    table = settings.table("export")
    if table is None:
        return Weekly()
    day, at, zone = (
        table.text("day", "sunday"),
        table.text("at", "23:59"),
        table.text("zone", "UTC"),
    )
    if day not in DAYS:
        raise table.wrong("day", f"{day!r} is not one of {', '.join(DAYS)}")
    try:
        weekly = Weekly(DAYS.index(day), time.fromisoformat(at), ZoneInfo(zone))
    except ZoneInfoNotFoundError as error:
        raise table.wrong("zone", f"{zone!r} is no time zone: write Europe/Paris") from error
    except ValueError as error:
        raise table.wrong("at", f"{at!r} is no time of day: write 23:59") from error
    table.done()
    return weekly


def _replica(table: Table) -> ReplicaSettings:
    name, kind = table.text("name"), table.text("kind")
    if not NAME.fullmatch(name):
        raise table.wrong("name", "use 1 to 31 small letters, digits and hyphens")
    readers = {"directory": _directory, "syslog": _syslog, "s3": _s3}
    if kind not in readers:
        raise table.wrong("kind", f"{kind!r} is not one of {', '.join(readers)}")
    found = readers[kind](table, name)
    table.done()
    return found


def _directory(table: Table, name: str) -> ReplicaSettings:
    path = Path(table.text("path"))
    if not path.is_absolute():
        raise table.wrong("path", "give the whole path, from /")
    return DirectorySettings(name, path)


def _syslog(table: Table, name: str) -> ReplicaSettings:
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


def _s3(table: Table, name: str) -> ReplicaSettings:
    bucket, prefix = table.text("bucket"), table.text("prefix", "")
    if not BUCKET.fullmatch(bucket):
        raise table.wrong("bucket", "is not the name of a bucket")
    if not PREFIX.fullmatch(prefix):
        raise table.wrong("prefix", "write words with / after each, for example muster/")
    return S3Settings(
        name,
        table.url("url"),
        bucket,
        prefix,
        table.text("region", "us-east-1"),
        table.secret("keys_file"),
        table.maybe_path("authority"),
    )
