"""One connection to a mail server, secured as the settings say, whose every step has an end."""

import smtplib
import socket
import ssl

from collector.config import Address
from collector.notify.patience import Deadline
from collector.subscriptions import Security


class Connection(smtplib.SMTP):
    """`seconds`: for the next byte of an answer; `longest`: for each step as a whole.

    `line` is the connection beneath TLS; it is closed by `close`.
    """

    def __init__(self, name: str, seconds: float, longest: float) -> None:
        super().__init__(local_hostname=name, timeout=seconds)
        self.line: socket.socket | None = None
        self.longest = longest

    def begin(self, address: Address, context: ssl.SSLContext, security: Security) -> None:
        """Connect, be greeted, and secure it as the settings say."""
        host = address.host
        plain = socket.create_connection((host, address.port), self.timeout)
        self.line = plain.dup()
        with self.deadline():
            self.sock = plain
            if security is Security.TLS:
                self.sock = context.wrap_socket(plain, server_hostname=host)
            code, said = self.getreply()
            if code != 220:
                raise smtplib.SMTPConnectError(code, said)
            self.ehlo_or_helo_if_needed()
            if security is Security.STARTTLS:
                self._host = host  # whom starttls expects the certificate to name
                self.starttls(context=context)
                self.ehlo()

    def deadline(self) -> Deadline:
        assert self.line is not None, "it has begun"
        return Deadline(self.line, self.longest)

    def close(self) -> None:
        super().close()
        if self.line is not None:
            self.line.close()
