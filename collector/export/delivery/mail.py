"""By mail, as an attachment; what weighs more than agreed is told of with a link instead."""

import hashlib
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from collector.export.delivery.parcel import Parcel
from collector.export_settings import MailTarget
from collector.notify.letter import one_line
from collector.notify.mail import MailServer
from collector.notify.taking import Unreachable
from collector.subscriptions import MailSettings

MEGABYTE = 1_000_000
WORDS = """The posture pack {name} is {how}.

It holds the state of {what} as of {at:%Y-%m-%d %H:%M} UTC. README.txt in it explains every file.
The SHA-256 of its manifest is
{digest}
"""
ENCRYPTED = """
It is encrypted with age for the recipients that the collector's settings name:
    age -d -i KEY_FILE -o {plain} {name}
"""


class Mail:
    def __init__(self, settings: MailTarget, server: MailSettings) -> None:
        self._settings = settings
        self._server = server

    def take(self, parcel: Parcel, now: datetime) -> None:
        with MailServer(self._server).letters() as send:
            for address in self._settings.to:
                send(self._letter(parcel, address, now), address)

    def _letter(self, parcel: Parcel, address: str, now: datetime) -> EmailMessage:
        local, _, domain = self._server.sender.rpartition("@")
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(one_line(self._server.sender_name), local, domain)
        mail["To"] = Address("", *address.rsplit("@", 1))
        mail["Subject"] = f"Posture pack {parcel.name}"
        mail["Date"] = format_datetime(now)
        key = hashlib.sha256(f"{parcel.name} {address}".encode()).hexdigest()
        mail["Message-ID"] = f"<export.{parcel.number}.{key[:24]}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        try:
            fits = parcel.path.stat().st_size <= self._settings.largest_mb * MEGABYTE
            mail.set_content(words(parcel, attached=fits))
            if fits:
                mail.add_attachment(
                    parcel.path.read_bytes(),
                    maintype="application",
                    subtype="octet-stream" if parcel.name.endswith(".age") else "zip",
                    filename=parcel.name,
                )
        except OSError as error:
            raise Unreachable(f"{parcel.name} cannot be read: {error.strerror}") from error
        return mail


def words(parcel: Parcel, *, attached: bool) -> str:
    how = "attached" if attached else f"too large for a mail. Fetch it at\n{parcel.link}"
    what = "the whole fleet" if parcel.variant.startswith("all") else parcel.variant
    text = WORDS.format(
        name=parcel.name, how=how, what=what, at=parcel.as_of, digest=parcel.manifest_sha256
    )
    if parcel.name.endswith(".age"):
        text += ENCRYPTED.format(plain=parcel.name.removesuffix(".age"), name=parcel.name)
    return text
