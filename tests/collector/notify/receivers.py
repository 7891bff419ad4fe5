"""A mail server and a webhook that tests hand messages to; both answer as they are told to."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from collector.config import Address
from collector.subscriptions import MailSettings, Security


@dataclass
class Post:
    """What the mail server was handed; `answers` are given first, then 250."""

    got: list[tuple[str, EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(  # noqa: N802 - the name is the server's
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as above
        self, _server: Any, _session: Any, envelope: Envelope
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            mail = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
            self.got.append((envelope.rcpt_tos[0], mail))
            self.raw.append(content)
        return answer


@dataclass(frozen=True)
class Station:
    """A mail server that listens, and the settings by which it is reached."""

    post: Post
    settings: MailSettings
    controller: Controller


@contextmanager
def mail_server(
    folder: Path,
    security: Security = Security.STARTTLS,
    *,
    name: str = "127.0.0.1",
    believed: bool = True,
    password: str = "of the collector",
) -> Iterator[Station]:
    """Wants a login with `alice` and this password, but where `security` is none.

    `name`: whom its certificate is for. `believed`: whether our settings trust its authority.
    """
    folder.mkdir(parents=True, exist_ok=True)
    post, context = Post(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder, name))
    secured = security is not Security.NONE

    def authenticate(_s: Any, _session: Any, _e: Any, _mechanism: str, auth: Any) -> AuthResult:
        good = isinstance(auth, LoginPassword) and auth.login == b"alice"
        good = good and auth.password == b"of the collector"
        return AuthResult(success=good, handled=False)

    kind = _Tls if security is Security.TLS else _Plain
    controller = kind(
        post,
        hostname="127.0.0.1",
        port=0,
        authenticator=authenticate if secured else None,
        auth_required=secured,
        auth_require_tls=security is Security.STARTTLS,
        tls_context=context if security is Security.STARTTLS else None,
        require_starttls=security is Security.STARTTLS,
        ssl_context=context if security is Security.TLS else None,
    )
    controller.start()
    assert controller.server is not None
    port = controller.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    password_file = folder / "password"
    password_file.write_text(f"{password}\n")
    settings = MailSettings(
        Address("127.0.0.1", port),
        security,
        "muster@example.org",
        "Muster",
        "alice" if secured else "",
        password_file if secured else None,
        folder / "server.pem" if believed else None,
    )
    try:
        yield Station(post, settings, controller)
    finally:
        controller.stop(no_assert=True)


class _Plain(Controller):
    """On a port that the system chooses."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class _Tls(_Plain):
    """Secured from the first byte: a greeting in plain would hang."""


class Receiver(HTTPServer):
    """A webhook. Answers with what is next in `answers`, then 200; keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/muster?to=night"


class _Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """The tests' output stays clean."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def dripping(first: bytes, drop: bytes) -> Iterator[int]:
    """The port of a server that begins an answer and goes on with it until nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            peer, _ = listener.accept()
            with peer, suppress(OSError):
                peer.sendall(first)
                while True:
                    peer.sendall(drop)
                    time.sleep(0.01)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def _certificate(folder: Path, name: str) -> Path:
    """A key and its own certificate in one file, which is its authority as well."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    try:
        known: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        known = x509.DNSName(name)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([known]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path
