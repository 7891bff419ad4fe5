"""Each way takes a pack whole under its name, from servers that are who they should be."""

import asyncio
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import pytest

from collector.config import Address
from collector.export.delivery.mail import Mail
from collector.export.delivery.parcel import Parcel
from collector.export.delivery.sftp import Sftp
from collector.export.delivery.webhook import Webhook
from collector.export_settings import MailTarget, SftpTarget, WebhookTarget
from collector.notify.taking import NotTaken, Unreachable
from collector.notify.webhook import signature
from tests.collector.notify.receivers import mail_server, receiving

NOW = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
CONTENT = b"PK" + bytes(range(256)) * 400


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    path = tmp_path / "posture-2026-W47.zip.age"
    path.write_bytes(CONTENT)
    return Parcel(path, 7, "all", NOW, "ab" * 32, "https://c.example/exports/7")


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("largest_mb", [10, 0])
def test_a_mail_has_it_attached_or_says_where_it_is(
    parcel: Parcel, tmp_path: Path, largest_mb: int
) -> None:
    with mail_server(tmp_path / "mail") as station:
        way = Mail(MailTarget(("a@example.org", "b@example.org"), largest_mb), station.settings)
        way.take(parcel, NOW)
        way.take(parcel, NOW)
        got = station.post.got
    assert [to for to, _ in got] == ["a@example.org", "b@example.org"] * 2
    ids = [mail["Message-ID"] for _, mail in got]
    assert ids[:2] == ids[2:]
    assert ids[0] != ids[1]
    mail = got[0][1]
    parts = [part for part in mail.walk() if part.get_filename()]
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "age -d" in text
    if largest_mb:
        assert [part.get_filename() for part in parts] == [parcel.name]
        assert parts[0].get_content() == CONTENT
    else:
        assert parts == []
        assert parcel.link in text


@dataclass
class Server:
    """An SFTP server of this process; `folder` is what it shows."""

    folder: Path
    port: int
    settings: SftpTarget


class Door(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("muster", "a secret")


@contextmanager
def sftp_server(folder: Path) -> Iterator[Server]:
    host, client = (asyncssh.generate_private_key("ssh-ed25519") for _ in "ab")
    shown = folder / "shown"
    shown.mkdir(parents=True)
    (folder / "key").write_bytes(client.export_private_key())
    (folder / "password").write_text("a secret\n")
    (folder / "known").write_bytes(client.export_public_key())
    loop, ready = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def serve() -> asyncssh.SSHAcceptor:
        server = await asyncssh.create_server(
            Door,
            "127.0.0.1",
            0,
            server_host_keys=[host],
            authorized_client_keys=str(folder / "known"),
            sftp_factory=lambda chan: asyncssh.SFTPServer(chan, chroot=str(shown)),
        )
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        return server

    def run() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(serve())
        loop.run_forever()
        server.close()
        loop.run_until_complete(server.wait_closed())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(20)
    key = host.export_public_key().decode().strip()
    address = Address("127.0.0.1", ports[0])
    yield Server(shown, ports[0], SftpTarget(address, "muster", key, "/", folder / "key"))
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[Server]:
    with sftp_server(tmp_path / "sftp") as server:
        yield server


def test_sftp_takes_it_whole_and_again_over_itself(parcel: Parcel, sftp: Server) -> None:
    for _ in range(2):
        Sftp(sftp.settings).take(parcel, NOW)
    assert [path.name for path in sftp.folder.iterdir()] == [parcel.name]
    assert (sftp.folder / parcel.name).read_bytes() == CONTENT


def test_sftp_takes_a_password(parcel: Parcel, sftp: Server, tmp_path: Path) -> None:
    password = tmp_path / "sftp" / "password"
    Sftp(replace(sftp.settings, key_file=None, password_file=password)).take(parcel, NOW)
    assert (sftp.folder / parcel.name).exists()


def test_an_sftp_server_with_another_key_gets_nothing(parcel: Parcel, sftp: Server) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    with pytest.raises(NotTaken, match="does not hold the host_key of the settings"):
        Sftp(replace(sftp.settings, host_key=other)).take(parcel, NOW)
    assert list(sftp.folder.iterdir()) == []


def test_an_sftp_server_that_refuses_is_said(parcel: Parcel, sftp: Server, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "wrong").write_bytes(key.export_private_key())
    with pytest.raises(NotTaken, match="refuses the user name or the key"):
        Sftp(replace(sftp.settings, key_file=tmp_path / "wrong")).take(parcel, NOW)
    with pytest.raises(Unreachable):
        Sftp(replace(sftp.settings, folder="/none")).take(parcel, NOW)
    with pytest.raises(Unreachable):
        Sftp(replace(sftp.settings, address=Address("127.0.0.1", 1))).take(parcel, NOW)


def test_a_webhook_is_told_and_can_check_who_told_it(parcel: Parcel, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    with receiving() as receiver:
        Webhook(WebhookTarget(receiver.url, secret)).take(parcel, NOW)
        ((_, headers, body),) = receiver.got
    stamp, _, signed = headers["Muster-Signature"].partition(",")
    wanted = signature(b"s3cret", stamp.removeprefix("t="), body)
    assert signed == f"v1={wanted}"
    told = json.loads(body)
    assert told["key"] == f"export:{parcel.name}"
    assert told["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert told["link"] == parcel.link
