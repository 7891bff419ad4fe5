"""A test collector says what it is wherever it goes, and no agent of one reaches the other."""

import asyncio
import uuid
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from agent.exchange.transport import Credentials, GrpcTransport
from agent.exchange.troubles import Unreachable
from collector import environment
from collector.app import running
from collector.audit.signing import open_signer, open_verifier
from collector.clock import system_clock
from collector.config import Config, ConfigError
from collector.environment import kept, settled
from collector.identity.authority import Authority, new_key
from collector.identity.key_files import KeyFileError, open_authority
from collector.store import Store, events
from collector.web.cookie import NAME
from protos.posture.v1 import posture_service_pb2 as wire
from tests.collector.test_app import config


def test_the_first_start_is_production_unless_it_is_said(tmp_path: Path) -> None:
    assert settled(Config(tmp_path)).environment == "production"
    assert settled(Config(tmp_path)).name == "Muster"
    assert kept(tmp_path) == "production"


def test_the_environment_of_the_first_start_stays(tmp_path: Path) -> None:
    settled(Config(tmp_path, environment="test"))
    again = settled(Config(tmp_path))
    assert (again.environment, again.name) == ("test", "Muster (test)")


@pytest.mark.parametrize(("first", "later"), [("test", "production"), ("", "test")])
def test_another_environment_is_refused_in_one_line(tmp_path: Path, first: str, later: str) -> None:
    settled(Config(tmp_path, environment=first))
    with pytest.raises(ConfigError, match=r"--environment: .* since its first start") as caught:
        settled(Config(tmp_path, environment=later))
    assert "\n" not in str(caught.value)
    assert "--data DIR" in str(caught.value)


@pytest.mark.parametrize("name", ["Test", "a b", "x" * 17, "-", "té", "../x", "a\n"])
def test_a_name_that_would_not_fit_everywhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="names no environment"):
        settled(Config(tmp_path, environment=name))
    assert not (tmp_path / environment.FILE).exists()


def test_a_name_that_the_subject_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--name: .* choose a shorter name"):
        settled(Config(tmp_path, "M" * 50, environment="test"))


def test_a_folder_from_before_there_were_environments_is_production(tmp_path: Path) -> None:
    (tmp_path / "authority.pem").write_text("")
    assert settled(Config(tmp_path)).environment == "production"
    with pytest.raises(ConfigError):
        settled(Config(tmp_path, environment="test"))


def test_a_damaged_name_is_no_environment(tmp_path: Path) -> None:
    (tmp_path / environment.FILE).write_bytes(b"\xff")
    with pytest.raises(KeyFileError, match="restore it"):
        kept(tmp_path)


def test_the_audit_key_says_of_which_environment_it_is(tmp_path: Path) -> None:
    production, test = tmp_path / "production", tmp_path / "test"
    for folder in (production, test):
        folder.mkdir()
    settled(Config(test, environment="test"))
    assert "-" not in open_signer(production).verifier.origin
    assert open_signer(test).verifier.origin.startswith("test-")
    assert open_verifier(test / "audit.pub").origin == open_signer(test).verifier.origin


async def test_a_test_collector_says_so_in_its_certificate_its_file_and_its_cookie(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    async with running(replace(config(tmp_path), environment="test"), said.append) as serving:
        authority = x509.load_pem_x509_certificate((tmp_path / "authority.pem").read_bytes())
        assert authority.subject.rfc4514_string() == "CN=Muster (test) authority"
        assert '"name": "Muster (test)"' in (tmp_path / "serving.json").read_text()
        async with httpx2.AsyncClient(verify=False) as browser:
            page = await browser.get(f"https://127.0.0.1:{serving.web.port}/login")
        assert page.headers["set-cookie"].startswith(f"{NAME}-test=")
    assert any(line.startswith("Muster (test) is ready") for line in said)


def device_of(authority: Authority) -> tuple[bytes, bytes]:
    """The certificate and key of a device that this authority has signed for."""
    key = new_key()
    signed = authority.sign_device(key.public_key(), str(uuid.uuid4()), system_clock())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return signed.pem, pem


@pytest.mark.parametrize(("home", "away"), [("test", "production"), ("production", "test")])
async def test_an_agent_of_one_environment_and_a_collector_of_the_other_refuse_each_other(
    tmp_path: Path, home: str, away: str
) -> None:
    (tmp_path / home).mkdir()
    own = open_authority(tmp_path / home, home, system_clock())
    certificate, key = device_of(own)
    there = replace(config(tmp_path / away), environment=away)
    async with running(there, [].append) as serving:
        theirs = (tmp_path / away / "authority.pem").read_bytes()
        for believed, why in ((own.pem, "not the collector it should be"), (theirs, None)):
            transport = GrpcTransport(
                str(serving.check_in), Credentials(believed, key, certificate)
            )
            with pytest.raises(Unreachable, match=why):
                await asyncio.to_thread(transport.check_in, wire.CheckInRequest())
            transport.close()
        with closing(Store.open(tmp_path / away)) as store:
            assert store.read(lambda c: events.recent(c, 10)) == []
