"""Whom the collector tells, of what and by which way: the part of `collector.toml` that says it.

Addresses and secrets stand in that file alone, so that no page can make the collector call anybody.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from collector.config import Address, ConfigError, parse_address
from collector.model import Language, Severity
from collector.settings_table import LOOPBACK, Table, checked_url

E = TypeVar("E", bound=StrEnum)

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
LOCAL_PART = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
EMERGENCY = "emergency"
OWNERS = "owners"
RESERVED = (EMERGENCY, OWNERS)


class Kind(StrEnum):
    """The way a message goes."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    SLACK = "slack"
    TEAMS = "teams"


class Topic(StrEnum):
    """What a subscriber may want to hear of."""

    FAILURES = "failures"
    INCIDENTS = "incidents"
    WAIVERS = "waivers"
    DIGEST = "digest"


class Security(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The mail server that takes our mail. `sender_name` may be empty."""

    address: Address
    security: Security
    sender: str
    sender_name: str = ""
    username: str = ""
    password_file: Path | None = None
    authority: Path | None = None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """`to`: mail addresses. `url_file` holds the address of a chat's webhook, which is a secret;
    `url` and `secret_file` are those of a signed one. `urgent`: told whatever the hour, until it
    is taken.
    """

    name: str
    kind: Kind
    topics: frozenset[Topic]
    to: tuple[str, ...] = ()
    url: str = ""
    url_file: Path | None = None
    secret_file: Path | None = None
    authority: Path | None = None
    least_severity: Severity = Severity.HIGH
    language: Language = Language.EN
    urgent: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """One message goes to each; a webhook is one."""
        return self.to or ("",)


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """`mail` is None where no mail server is set: then nobody can be told by mail."""

    mail: MailSettings | None = None
    subscribers: tuple[Subscriber, ...] = ()

    def of(self, topic: Topic) -> tuple[Subscriber, ...]:
        return tuple(each for each in self.subscribers if topic in each.topics)

    @property
    def emergency(self) -> bool:
        """Whether anybody is called when an incident opens, whatever the hour."""
        return any(each.urgent for each in self.subscribers)


def mail_address(text: str) -> str:
    """The address as SMTP takes it: an international domain in its ASCII form (RFC 5891).

    >>> mail_address("alice@bücher.example")
    'alice@xn--bcher-kva.example'
    >>> mail_address("alice@example.org\\nBcc: eve@example.org")
    Traceback (most recent call last):
    ValueError: is not a mail address
    """
    local, _, domain = text.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        raise ValueError("is not a mail address") from None
    labels = ascii_domain.split(".")
    sound = bool(LOCAL_PART.fullmatch(local)) and ".." not in f".{local}."
    if not sound or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError("is not a mail address")
    if len(local) + len(ascii_domain) > 253:
        raise ValueError("is too long for a mail address")
    return f"{local}@{ascii_domain}"


def read_subscriptions(table: Table) -> Subscriptions:
    """Raises ConfigError."""
    mail, channel = table.table("mail"), table.table("channel")
    found = [*(_channel(channel) if channel else ())]
    for each in table.tables("subscriber"):
        one = _subscriber(each)
        if one.name in RESERVED or any(one.name == other.name for other in found):
            raise each.wrong("name", f"{one.name!r} is taken")
        found.append(one)
    settings = _mail(mail) if mail else None
    for one in found:
        if one.kind is Kind.MAIL and settings is None:
            raise table.wrong("mail", f"is not set, and {one.name!r} is told by mail")
    return Subscriptions(settings, tuple(found))


def _mail(table: Table) -> MailSettings:
    try:
        address = parse_address(table.text("server"), "server")
    except ConfigError as error:
        raise table.wrong("server", "write HOST:PORT, for example mail.example.org:587") from error
    security = _choice(table, "security", Security, Security.STARTTLS)
    if security is Security.NONE and address.host not in LOOPBACK:
        raise table.wrong("security", "none is for a mail server on this machine alone")
    username = table.text("username", "")
    password_file = table.secret("password_file") if table.has("password_file") else None
    if bool(username) != (password_file is not None):
        raise table.wrong("username", "give username and password_file, or neither")
    sender, name = _address(table, "from", table.text("from")), table.text("from_name", "")
    authority = table.maybe_path("authority")
    table.done()
    return MailSettings(address, security, sender, name, username, password_file, authority)


def _channel(table: Table) -> tuple[Subscriber, ...]:
    """The emergency channel: a webhook, mail addresses, or both."""
    found = []
    topics, language = frozenset({Topic.INCIDENTS}), _language(table)
    authority = table.maybe_path("authority")
    to = _addresses(table) if table.has("to") else ()
    if table.has("webhook") or not to:
        url, secret = table.url("webhook"), table.secret("secret_file")
        found.append(
            Subscriber(
                EMERGENCY,
                Kind.WEBHOOK,
                topics,
                url=url,
                secret_file=secret,
                authority=authority,
                language=language,
                urgent=True,
            )
        )
    if to:
        name = f"{EMERGENCY}-mail"
        found.append(Subscriber(name, Kind.MAIL, topics, to, language=language, urgent=True))
    table.done()
    return tuple(found)


def _subscriber(table: Table) -> Subscriber:
    name, kind = table.text("name"), _choice(table, "kind", Kind)
    if not NAME.fullmatch(name):
        raise table.wrong("name", "use 1 to 31 small letters, digits and hyphens")
    topics = table.texts("told")
    for topic in topics:
        if topic not in tuple(Topic):
            raise table.wrong("told", f"{topic!r} is not one of {', '.join(Topic)}")
    if not topics:
        raise table.wrong("told", f"write of what, for example [{Topic.INCIDENTS.value!r}]")
    chat = kind in (Kind.SLACK, Kind.TEAMS)
    found = Subscriber(
        name,
        kind,
        frozenset(Topic(topic) for topic in topics),
        to=_addresses(table) if kind is Kind.MAIL else (),
        url=table.url("webhook") if kind is Kind.WEBHOOK else "",
        url_file=_url_file(table) if chat else None,
        secret_file=table.secret("secret_file") if kind is Kind.WEBHOOK else None,
        authority=table.maybe_path("authority") if kind is not Kind.MAIL else None,
        least_severity=_choice(table, "least_severity", Severity, Severity.HIGH),
        language=_language(table),
    )
    table.done()
    return found


def _addresses(table: Table) -> tuple[str, ...]:
    found = tuple(_address(table, "to", each) for each in table.texts("to"))
    if not found:
        raise table.wrong("to", "give at least one mail address")
    return found


def _address(table: Table, key: str, text: str) -> str:
    try:
        return mail_address(text)
    except ValueError as why:
        raise table.wrong(key, f"{text!r} {why}") from None


def _url_file(table: Table) -> Path:
    path = table.secret("url_file")
    checked_url(table, "url_file", path.read_text(encoding="utf-8", errors="replace").strip())
    return path


def _language(table: Table) -> Language:
    return _choice(table, "language", Language, Language.EN)


def _choice(table: Table, key: str, words: type[E], default: E | None = None) -> E:
    word = table.text(key, default.value if default is not None else None)
    for each in words:
        if word == each.value:
            return each
    raise table.wrong(key, f"{word!r} is not one of {', '.join(words)}")
