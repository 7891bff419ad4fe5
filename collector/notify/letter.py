"""A message as a mail: text and simple HTML, with headers that nothing can be slipped into."""

import hashlib
import unicodedata
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from collector.store.notifications import Message, Notification
from collector.subscriptions import MailSettings

LONGEST_SUBJECT = 200


def letter(notification: Notification, settings: MailSettings, at: datetime) -> EmailMessage:
    """The same notification has the same Message-ID, whenever it is sent."""
    message = notification.message or Message(notification.subject)
    mail = EmailMessage(policy=SMTP)
    local, _, domain = settings.sender.rpartition("@")
    mail["From"] = Address(one_line(settings.sender_name), local, domain)
    mail["To"] = Address("", *_parts(notification.address))
    mail["Subject"] = one_line(message.subject)[:LONGEST_SUBJECT]
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id(notification, domain)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice comes back
    mail.set_content(as_text(message))
    mail.add_alternative(as_html(message), subtype="html")
    mail["Content-Language"] = message.language
    return mail


def message_id(notification: Notification, domain: str) -> str:
    digest = hashlib.sha256(f"{notification.dedup_key} {notification.created_at}".encode())
    return f"<{notification.number}.{digest.hexdigest()[:24]}@{domain}>"


def as_text(message: Message) -> str:
    blocks = [_plain(message.lead)] if message.lead else []
    for item in message.items:
        lines = [f"* {_plain(item.title)}", *(f"  {_plain(line)}" for line in item.lines)]
        blocks.append("\n".join([*lines, *([f"  {item.link}"] if item.link else [])]))
    if message.link:
        blocks.append(f"{message.link_words}\n{message.link}")
    blocks += [_plain(message.closing)] if message.closing else []
    return "\n\n".join(blocks) + "\n"


def as_html(message: Message) -> str:
    return _environment().get_template("letter.html").render(message=message)


def one_line(text: str) -> str:
    """Without what ends a header, steers a terminal or turns the reading direction.

    >>> one_line("a\\r\\nBcc: eve@example.org\\u202e\\x00")
    'a Bcc: eve@example.org'
    """
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    return "".join(
        " " if char.isspace() or unicodedata.category(char) in ("Cc", "Zl", "Zp") else char
        for char in text
        if unicodedata.category(char) not in ("Cf", "Cs", "Cn", "Co")
    )


def _parts(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local, domain


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("collector.notify"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["plain"] = _plain
    return made
