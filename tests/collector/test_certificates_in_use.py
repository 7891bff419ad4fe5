"""A certificate that was replaced is shown from the next handshake on, without a restart."""

import socket
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from collector.app import running
from collector.clock import system_clock
from collector.config import Address, Config
from collector.identity.authority import new_key
from collector.identity.key_files import (
    KeyFileError,
    ServerIdentity,
    open_authority,
    open_server,
    write_private,
)
from collector.ports import load_if_changed
from tests.fakes import FixedClock

FREE = Address("127.0.0.1", 0)


def shown_at(port: int) -> int:
    """The serial number of the certificate that a handshake shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain) as secured,
    ):
        der = secured.getpeercert(binary_form=True)
        assert der is not None
        return x509.load_der_x509_certificate(der).serial_number


def own_pair(folder: Path, name: str) -> ServerIdentity:
    """A certificate of an authority of the operator's own."""
    home = folder / name
    home.mkdir()
    now = system_clock()
    return open_server(home, open_authority(home, name, now), ["localhost"], now)


async def test_the_grpc_ports_show_a_certificate_that_was_issued_anew(tmp_path: Path) -> None:
    import asyncio

    config = Config(tmp_path, check_in=FREE, enroll=FREE, web=FREE)
    async with running(config, [].append) as serving:
        before = await asyncio.to_thread(shown_at, serving.enroll.port)
        now = system_clock() + timedelta(days=340)
        authority = open_authority(tmp_path, config.name, now)
        open_server(tmp_path, authority, ["localhost"], now)
        after = {
            await asyncio.to_thread(shown_at, port)
            for port in (serving.enroll.port, serving.check_in.port)
        }
    assert before not in after
    assert len(after) == 1


async def test_the_pages_show_the_operators_certificate(tmp_path: Path) -> None:
    import asyncio

    own = own_pair(tmp_path, "operator")
    config = Config(
        tmp_path / "data", check_in=FREE, enroll=FREE, web=FREE,
        web_certificate=own.chain_path, web_key=own.key_path,
    )  # fmt: skip
    async with running(config, [].append) as serving:
        shown = await asyncio.to_thread(shown_at, serving.web.port)
        enrollment = await asyncio.to_thread(shown_at, serving.enroll.port)
    leaf = x509.load_pem_x509_certificate(own.chain_pem)
    assert shown == leaf.serial_number != enrollment


def test_a_replaced_pair_is_loaded_and_half_of_one_is_left_alone(tmp_path: Path) -> None:
    first, second = own_pair(tmp_path, "one"), own_pair(tmp_path, "two")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(first.chain_path, first.key_path)
    seen = first.fingerprint()
    assert load_if_changed(context, first, seen) == seen
    write_private(first.key_path, second.key_pem)
    assert load_if_changed(context, first, seen) == seen
    write_private(first.chain_path, second.chain_pem)
    assert load_if_changed(context, first, seen) == first.fingerprint() != seen
    first.chain_path.unlink()
    latest = first.key_path.stat().st_ino
    assert load_if_changed(context, first, (latest,)) == (latest,)


def test_a_key_of_another_certificate_is_refused_with_both_names(tmp_path: Path) -> None:
    own = own_pair(tmp_path, "one")
    other = new_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_private(own.key_path, other)
    with pytest.raises(KeyFileError, match="does not belong to"):
        own.require_pair()


def test_a_server_certificate_is_renewed_a_month_before_it_ends(tmp_path: Path) -> None:
    clock = FixedClock()
    authority = open_authority(tmp_path, "Muster", clock())
    first = open_server(tmp_path, authority, ["localhost"], clock()).chain_pem
    clock.advance(days=334)
    assert open_server(tmp_path, authority, ["localhost"], clock()).chain_pem == first
    clock.advance(days=2)
    assert open_server(tmp_path, authority, ["localhost"], clock()).chain_pem != first
