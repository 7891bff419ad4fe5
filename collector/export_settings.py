"""Which packs are made every week, for whom they are encrypted, how long they are kept, and where
they go: the part of `collector.toml` that says it.
"""

import re
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collector.config import Address, ConfigError, parse_address
from collector.s3.settings import S3Settings, read_s3
from collector.settings_table import Table
from collector.subscriptions import mail_address
from collector.weekly import DAYS, Weekly

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
HOST_KEY = re.compile(r"(ssh-ed25519|ecdsa-sha2-nistp\d+|ssh-rsa) [A-Za-z0-9+/=]{40,2000}")
ALL, GROUP, PSEUDONYMS = "all", "group:", "+pseudonyms"
KEPT_DAYS = 274
"""Nine months."""
LARGEST_MAIL_MB = 10


@dataclass(frozen=True, slots=True)
class MailTarget:
    """`largest_mb`: what weighs more is told of with a link instead."""

    to: tuple[str, ...]
    largest_mb: int = LARGEST_MAIL_MB
    kind = "mail"


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """It is told that a pack is there, and where to fetch it; the pack itself does not go."""

    url: str
    secret_file: Path
    authority: Path | None = None
    kind = "webhook"


@dataclass(frozen=True, slots=True)
class DirectoryTarget:
    path: Path
    kind = "directory"


@dataclass(frozen=True, slots=True)
class S3Target:
    bucket: S3Settings
    kind = "s3"


@dataclass(frozen=True, slots=True)
class SftpTarget:
    """`host_key` is the server's, as in known_hosts: no other server is spoken to."""

    address: Address
    username: str
    host_key: str
    folder: str
    key_file: Path | None = None
    password_file: Path | None = None
    kind = "sftp"


Way = MailTarget | WebhookTarget | DirectoryTarget | S3Target | SftpTarget


@dataclass(frozen=True, slots=True)
class Target:
    """`packs`: the variants that go there. `plain`: unencrypted, although there are recipients, or
    by mail.
    """

    name: str
    way: Way
    packs: tuple[str, ...] = (ALL,)
    plain: bool = False

    @property
    def where(self) -> str:
        """For people to read; never a secret, nor an address that is one."""
        match self.way:
            case MailTarget(to):
                return ", ".join(to)
            case WebhookTarget(url):
                return url.split("/")[2]
            case DirectoryTarget(path):
                return str(path)
            case S3Target(bucket):
                return f"{bucket.url}/{bucket.bucket}/{bucket.prefix}"
            case SftpTarget():
                return f"{self.way.address}:{self.way.folder}"


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """`recipients` are public keys of age; with any, packs are encrypted for all of them, and the
    readable one stays beside only where `keep_plain` says so.
    """

    weekly: Weekly = field(default_factory=Weekly)
    variants: tuple[str, ...] = (ALL,)
    recipients: tuple[str, ...] = ()
    keep_plain: bool = True
    keep_days: int = KEPT_DAYS
    targets: tuple[Target, ...] = ()

    def target(self, name: str) -> Target | None:
        return next((each for each in self.targets if each.name == name), None)

    def to(self, variant: str) -> tuple[Target, ...]:
        return tuple(each for each in self.targets if variant in each.packs)


def read_exports(settings: Table, *, has_mail: bool) -> ExportSettings:
    """Raises ConfigError."""
    table = settings.table("export")
    found = _export(table) if table is not None else ExportSettings()
    targets: list[Target] = []
    for each in settings.tables("export_to"):
        target = _target(each, found, has_mail=has_mail)
        if any(target.name == other.name for other in targets):
            raise each.wrong("name", f"{target.name!r} is taken")
        targets.append(target)
    return ExportSettings(
        found.weekly,
        found.variants,
        found.recipients,
        found.keep_plain,
        found.keep_days,
        tuple(targets),
    )


def _export(table: Table) -> ExportSettings:
    weekly = _weekly(table)
    scopes = (ALL, *(f"{GROUP}{name}" for name in table.texts("groups")))
    also = table.flag("pseudonyms", default=False)
    variants = (*scopes, *(f"{scope}{PSEUDONYMS}" for scope in scopes if also))
    recipients = table.texts("recipients")
    for each in recipients:
        _require_recipient(table, each)
    keep_plain = table.flag("keep_plain", default=True)
    if not recipients and not keep_plain:
        raise table.wrong("keep_plain", "name recipients first: nobody could read the packs")
    keep_days = table.number("keep_days", KEPT_DAYS, 7, 3660)
    table.done()
    return ExportSettings(weekly, variants, recipients, keep_plain, keep_days)


def _require_recipient(table: Table, text: str) -> None:
    from pyrage import RecipientError, x25519

    try:
        x25519.Recipient.from_str(text)
    except RecipientError as error:
        raise table.wrong(
            "recipients", f"{text!r} is no public key of age: it begins with age1 (age-keygen -y)"
        ) from error


def _weekly(table: Table) -> Weekly:
    day, at, zone = (
        table.text("day", "sunday"),
        table.text("at", "23:59"),
        table.text("zone", "UTC"),
    )
    if day not in DAYS:
        raise table.wrong("day", f"{day!r} is not one of {', '.join(DAYS)}")
    try:
        return Weekly(DAYS.index(day), time.fromisoformat(at), ZoneInfo(zone))
    except ZoneInfoNotFoundError as error:
        raise table.wrong("zone", f"{zone!r} is no time zone: write Europe/Paris") from error
    except ValueError as error:
        raise table.wrong("at", f"{at!r} is no time of day: write 23:59") from error


def _target(table: Table, found: ExportSettings, *, has_mail: bool) -> Target:
    name, kind = table.text("name"), table.text("kind")
    if not NAME.fullmatch(name):
        raise table.wrong("name", "use 1 to 31 small letters, digits and hyphens")
    readers = {
        "mail": _mail,
        "webhook": _webhook,
        "directory": _directory,
        "s3": lambda table: S3Target(read_s3(table, name)),
        "sftp": _sftp,
    }
    if kind not in readers:
        raise table.wrong("kind", f"{kind!r} is not one of {', '.join(readers)}")
    way = readers[kind](table)
    packs = table.texts("packs") or (ALL,)
    for each in packs:
        if each not in found.variants:
            raise table.wrong("packs", f"{each!r} is not made: {', '.join(found.variants)} are")
    plain = table.flag("plain", default=False)
    if plain and not found.keep_plain:
        raise table.wrong("plain", "only encrypted packs are kept ([export] keep_plain)")
    if kind == "mail" and not has_mail:
        raise table.wrong("kind", "write the mail server under [mail] first")
    if kind == "mail" and not found.recipients and not plain:
        raise table.wrong("plain", "only encrypted packs go by mail: name recipients in [export]")
    table.done()
    return Target(name, way, packs, plain)


def _mail(table: Table) -> Way:
    to = table.texts("to")
    if not to:
        raise table.wrong("to", "give at least one mail address")
    try:
        addresses = tuple(mail_address(each) for each in to)
    except ValueError as why:
        raise table.wrong("to", f"one of them {why}") from None
    return MailTarget(addresses, table.number("largest_mb", LARGEST_MAIL_MB, 0, 100))


def _webhook(table: Table) -> Way:
    return WebhookTarget(
        table.url("webhook"), table.secret("secret_file"), table.maybe_path("authority")
    )


def _directory(table: Table) -> Way:
    path = Path(table.text("path"))
    if not path.is_absolute():
        raise table.wrong("path", "give the whole path, from /")
    return DirectoryTarget(path)


def _sftp(table: Table) -> Way:
    try:
        address = parse_address(table.text("server"), "server")
    except ConfigError as error:
        raise table.wrong("server", "write HOST:PORT, for example sftp.example.org:22") from error
    host_key = table.text("host_key")
    if not HOST_KEY.fullmatch(host_key):
        raise table.wrong("host_key", "write the server's, as ssh-keyscan prints it after the name")
    keys = {name: table.secret(name) for name in ("key_file", "password_file") if table.has(name)}
    if len(keys) != 1:
        raise table.wrong("key_file", "give key_file or password_file, one of the two")
    username, folder = table.text("username"), table.text("folder", ".")
    return SftpTarget(address, username, host_key, folder, **keys)
