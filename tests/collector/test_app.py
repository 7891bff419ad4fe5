"""The whole collector starts, says where it is, refuses a second one, and stops when told."""

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from collector.app import SERVING_FILE, running
from collector.audit.signing import open_verifier
from collector.audit.verifying import verify
from collector.clock import system_clock
from collector.config import Address, Config
from collector.lock import AlreadyRunning, sole_owner
from collector.service.listening import PortUnavailable
from collector.store import Store, accounts

FREE = Address("127.0.0.1", 0)

PROGRAM = """
import sys
from pathlib import Path
from collector.app import serve
from collector.config import Address, Config
free = Address("127.0.0.1", 0)
config = Config(Path(sys.argv[1]), check_in=free, enroll=free, web=free)
serve(config, lambda line: print(line, flush=True))
"""


def config(folder: Path, **ports: Address) -> Config:
    return Config(folder, **{"check_in": FREE, "enroll": FREE, "web": FREE, **ports})


async def test_it_says_where_it_serves_while_it_serves(tmp_path: Path) -> None:
    async with running(config(tmp_path), [].append) as serving:
        said = json.loads((tmp_path / SERVING_FILE).read_text())
        assert said["check_in"] == str(serving.check_in)
        assert said["enroll"] == str(serving.enroll)
        assert said["web"] == f"https://{serving.web}"
        assert len(said["authority_sha256"]) == 64
        assert 0 not in (serving.check_in.port, serving.enroll.port, serving.web.port)
    assert not (tmp_path / SERVING_FILE).exists()


async def test_the_pages_are_served_under_the_collectors_own_certificate(tmp_path: Path) -> None:
    async with running(config(tmp_path), [].append) as serving:
        trust = ssl.create_default_context(cafile=tmp_path / "authority.pem")
        async with httpx2.AsyncClient(verify=trust) as browser:
            for host in ("127.0.0.1", "localhost"):
                page = await browser.get(f"https://{host}:{serving.web.port}/login")
                assert page.status_code == 200
        assert "server" not in page.headers


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"])
async def test_the_pages_come_by_authenticated_encryption_only(tmp_path: Path, cipher: str) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers(cipher)
    async with running(config(tmp_path), [].append) as serving:
        connecting = asyncio.open_connection("127.0.0.1", serving.web.port, ssl=old)
        if "GCM" not in cipher:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await connecting
        else:
            _, writer = await connecting
            writer.transport.abort()


async def test_a_setup_link_is_shown_until_somebody_has_used_it(tmp_path: Path) -> None:
    lines: list[list[str]] = [[], [], []]
    for start in range(3):
        async with running(config(tmp_path), lines[start].append):
            pass
        if start == 1:
            with closing(Store.open(tmp_path)) as store:
                now = system_clock()
                store.write(lambda c, now=now: accounts.set_password(c, "admin", "hash", now))
    links = [[line for line in said if "/setup/" in line] for said in lines]
    assert [len(found) for found in links] == [1, 1, 0]
    assert links[0] != links[1]


async def test_its_start_and_its_end_are_in_the_audit_log(tmp_path: Path) -> None:
    async with running(config(tmp_path), [].append):
        pass
    written = (tmp_path / "audit" / "000001.log").read_text()
    assert [line.split('"action":"')[1].split('"')[0] for line in written.splitlines()] == [
        "audit.segment",
        "collector.started",
        "audit.checkpoint",
        "collector.stopped",
        "audit.checkpoint",
    ]
    assert verify(tmp_path / "audit", open_verifier(tmp_path / "audit.pub")).problems == []


@pytest.mark.parametrize("port", ["check_in", "enroll", "web"])
async def test_a_port_in_use_is_told_in_one_line_with_its_option(tmp_path: Path, port: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        busy = config(tmp_path, **{port: Address("127.0.0.1", number)})
        with pytest.raises(PortUnavailable) as caught:
            async with running(busy, [].append):
                pass
    option = "--" + port.replace("_", "-")
    assert str(caught.value) == (
        f"port {number} of 127.0.0.1 is used by something else: choose another one with "
        f"{option} HOST:PORT"
    )
    assert not (tmp_path / SERVING_FILE).exists()


async def test_a_start_that_failed_keeps_the_link_for_the_next_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = config(tmp_path, web=Address("127.0.0.1", taken.getsockname()[1]))
        with pytest.raises(PortUnavailable):
            async with running(busy, [].append):
                pass
    said: list[str] = []
    async with running(config(tmp_path), said.append):
        pass
    assert any("/setup/" in line for line in said)


def test_a_second_collector_on_one_folder_is_refused_with_the_first_ones_process(
    tmp_path: Path,
) -> None:
    with (
        sole_owner(tmp_path),
        pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}\)"),
        sole_owner(tmp_path),
    ):
        pass
    with sole_owner(tmp_path):
        assert (tmp_path / "collector.lock").read_text() == f"{os.getpid()}\n"


@pytest.fixture
def process(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        while "is ready" not in (line := started.stdout.readline()):
            assert line, "it ended before it was ready"
        yield started
        started.kill()


def handshake(address: str, version: ssl.TLSVersion) -> str | None:
    host, port = address.split(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((host, int(port))) as plain,
        context.wrap_socket(plain) as secured,
    ):
        return secured.version()


def test_a_served_collector_speaks_tls_1_3_to_agents_and_ends_when_told(
    tmp_path: Path, process: "subprocess.Popen[str]"
) -> None:
    said = json.loads((tmp_path / SERVING_FILE).read_text())
    for port in ("check_in", "enroll"):
        assert handshake(said[port], ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            handshake(said[port], ssl.TLSVersion.TLSv1_2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert not (tmp_path / SERVING_FILE).exists()


async def test_on_this_machine_the_pages_are_called_by_a_name_that_passkeys_can_have(
    tmp_path: Path,
) -> None:
    lines: list[str] = []
    async with running(config(tmp_path), lines.append) as serving:
        assert serving.web.host == "localhost"
        assert json.loads((tmp_path / SERVING_FILE).read_text())["web"] == f"https://{serving.web}"
        trust = ssl.create_default_context(cafile=tmp_path / "authority.pem")
        async with httpx2.AsyncClient(verify=trust) as browser:
            assert (await browser.get(f"https://{serving.web}/login")).status_code == 200
    links = [line for line in lines if "https://" in line]
    assert len(links) == 2
    assert all(f"https://{serving.web}" in line for line in links)


async def test_a_request_that_says_its_length_twice_smuggles_no_other_in(tmp_path: Path) -> None:
    """ASVS 4.2.1: a proxy in front may have read another end of it."""
    two = (
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    async with running(config(tmp_path), [].append) as serving:
        trust = ssl.create_default_context(cafile=tmp_path / "authority.pem")
        reader, writer = await asyncio.open_connection(
            "localhost", serving.web.port, ssl=trust, server_hostname="localhost"
        )
        writer.write(two)
        said = await reader.read()
        writer.close()
    assert said.count(b"HTTP/1.1 ") == 1
    assert said.startswith(b"HTTP/1.1 400")


def test_another_process_is_refused_by_whatever_name_it_calls_the_folder(tmp_path: Path) -> None:
    other = tmp_path / "other"
    folder = tmp_path / "data"
    folder.mkdir()
    other.symlink_to(folder)
    program = (
        "import sys; from pathlib import Path; from collector.lock import sole_owner\n"
        "with sole_owner(Path(sys.argv[1])): print('it runs')"
    )
    command = [sys.executable, "-c", program, str(other)]
    with sole_owner(folder):
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"a collector (process {os.getpid()}) already works on" in refused.stderr
    allowed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert allowed.stdout == "it runs\n"
