"""Hands mail to the operator's server, over TLS that is checked, and hears what it says of each.

A message counts as taken when the server has answered 250 to all of it. What ends between that
answer and our own note of it is sent again, under the same Message-ID.
"""

import smtplib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage

from collector.notify.letter import letter, one_line
from collector.notify.smtp import Connection
from collector.notify.taking import NotTaken, Send, Unreachable
from collector.store.notifications import Notification
from collector.subscriptions import MailSettings
from collector.trust import tls_context

SECONDS = 15.0
LONGEST_SECONDS = 120.0
"""To be greeted, to be logged in, and again for each message."""
LONGEST_REASON = 300

Post = Callable[[EmailMessage, str], None]
"""Hand one letter over to one address. Raises NotTaken."""


class MailServer:
    """One server; a connection for each run of messages.

    `seconds`: for the next byte of an answer; `longest`: as `LONGEST_SECONDS`.
    """

    def __init__(
        self, settings: MailSettings, seconds: float = SECONDS, longest: float = LONGEST_SECONDS
    ) -> None:
        self._settings = settings
        self._seconds = seconds
        self._longest = longest

    @contextmanager
    def open(self) -> Iterator[Send]:
        with self.letters() as post:

            def send(notification: Notification, at: datetime) -> None:
                post(letter(notification, self._settings, at), notification.address)

            yield send

    @contextmanager
    def letters(self) -> Iterator[Post]:
        """For letters that are written already. Raises Unreachable."""
        try:
            connection = self._connected()
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(f"the mail server: {reason(error)}") from error

        def post(mail: EmailMessage, address: str) -> None:
            with connection.deadline():
                self._hand_over(connection, mail, address)

        try:
            yield post
        finally:
            with suppress(smtplib.SMTPException, OSError), connection.deadline():
                connection.quit()
            connection.close()

    def _connected(self) -> Connection:
        """Greeted, secured and logged in. What fails on the way is closed."""
        settings = self._settings
        context = tls_context(settings.authority)
        connection = Connection(_own_name(settings), self._seconds, self._longest)
        try:
            connection.begin(settings.address, context, settings.security)
            if settings.password_file is not None:
                secret = settings.password_file.read_text(encoding="utf-8").strip()
                with connection.deadline():
                    connection.login(settings.username, secret)
        except BaseException:
            connection.close()
            raise
        return connection

    def _hand_over(self, connection: smtplib.SMTP, mail: EmailMessage, address: str) -> None:
        try:
            connection.send_message(mail, self._settings.sender, [address])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _not_taken(code, said) from error
        except smtplib.SMTPSenderRefused as error:
            raise NotTaken(f"the mail server refuses our address: {reason(error)}") from error
        except smtplib.SMTPDataError as error:
            raise _not_taken(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(f"the mail server: {reason(error)}") from error


def reason(error: Exception) -> str:
    """In one line; what the server said, where it said something. Never a password."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "it refuses the user name or password"
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"{one_line(str(error))} Nothing was sent."
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return one_line(text)[:LONGEST_REASON] or type(error).__name__


def _not_taken(code: int, said: bytes | str) -> NotTaken:
    """RFC 5321, 4.2.1: 5yz will be refused again, 4yz may be taken later."""
    return NotTaken(f"the mail server answers {_said(code, said)}", lasting=500 <= code < 600)


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"{code} {one_line(text)}"[:LONGEST_REASON]


def _own_name(settings: MailSettings) -> str:
    """What we call ourselves: looking our own address up may take a minute and says no more."""
    name = socket.gethostname()
    return name if "." in name else settings.sender.rpartition("@")[2]
