"""What is set once for a collector and outlives a start: `collector.toml` in its data folder.

Where copies of the audit log go, whom the collector tells of what, and where packs go. Only
whoever may write the data folder sets it; no page does, so no visitor can make the collector call
an address.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from collector.config import Address, ConfigError, parse_address
from collector.export_settings import ExportSettings, read_exports
from collector.s3.settings import S3Settings, read_s3
from collector.settings_table import Table
from collector.subscriptions import Subscriptions, read_subscriptions

FILE = "collector.toml"
MOST_STREAMS = 10_000
WANTED = 3
ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


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


ReplicaSettings = DirectorySettings | SyslogSettings | S3Settings


@dataclass(frozen=True, slots=True)
class Settings:
    """`wanted`: how many replicas the policy asks for.

    `address`: where people find the pages, when that is not the listener's, as "https://host".
    `standby`: the second folder of the audit log, on another disk.
    `most_streams`: how many connected agents this collector holds at once.
    """

    replicas: tuple[ReplicaSettings, ...] = ()
    wanted: int = WANTED
    told: Subscriptions = field(default_factory=Subscriptions)
    most_streams: int = MOST_STREAMS
    exports: ExportSettings = field(default_factory=ExportSettings)
    address: str = ""
    standby: Path | None = None


def read_settings(folder: Path) -> Settings:
    """The settings of this data folder; without the file, the defaults. Raises ConfigError."""
    return _settings(_table(folder), folder)


def read_standby(folder: Path) -> Path | None:
    """The second folder of the audit log alone: a mistake elsewhere in the file stops no command.

    Raises ConfigError.
    """
    return _standby(_table(folder), folder)


def _table(folder: Path) -> Table:
    path = folder / FILE
    try:
        return Table(tomllib.loads(path.read_text(encoding="utf-8")), path, FILE)
    except FileNotFoundError:
        return Table({}, path, FILE)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _standby(table: Table, folder: Path) -> Path | None:
    audit = table.table("audit")
    if audit is None:
        return None
    path = Path(audit.text("standby"))
    if not path.is_absolute():
        raise audit.wrong("standby", "give the whole path, from /")
    if folder.resolve() in (path.resolve(), *path.resolve().parents):
        raise audit.wrong("standby", "give a folder outside the data folder, on another disk")
    audit.done()
    return path


def _settings(table: Table, folder: Path) -> Settings:
    replicas = tuple(_replica(each) for each in table.tables("replica"))
    names = [each.name for each in replicas]
    for name in names:
        if names.count(name) > 1:
            raise table.wrong("replica", f"two have the name {name!r}")
    wanted = table.number("replicas_wanted", WANTED, 0, 20)
    most_streams = table.number("most_streams", MOST_STREAMS, 0, 100_000)
    told = read_subscriptions(table)
    exports = read_exports(table, has_mail=told.mail is not None)
    address = table.text("address", "").rstrip("/")
    if address and not ADDRESS.fullmatch(address):
        raise table.wrong("address", f"{address!r} is none: write https://muster.example.org")
    standby = _standby(table, folder)
    found = Settings(replicas, wanted, told, most_streams, exports, address, standby)
    table.done()
    return found


def _replica(table: Table) -> ReplicaSettings:
    name, kind = table.text("name"), table.text("kind")
    if not NAME.fullmatch(name):
        raise table.wrong("name", "use 1 to 31 small letters, digits and hyphens")
    readers = {"directory": _directory, "syslog": _syslog, "s3": read_s3}
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
