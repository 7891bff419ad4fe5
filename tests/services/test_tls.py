"""A scanner that others wrote finds nothing wrong with the TLS of a running collector.

sslyze runs from the environment of `make test-services`. What it says is held against Mozilla's
recommendations, with the deviations below, each of which is meant.
"""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from collector.clock import system_clock
from collector.identity.key_files import open_authority
from tests.collector.test_app import PROGRAM
from tests.collector.test_environment import device_of

ROOT = Path(__file__).resolve().parents[2]
SSLYZE = ROOT / ".services" / "bin" / "sslyze"
MEANT = {
    # Its authority is the collector's own: agents know it by its fingerprint, browsers are told.
    "certificate_path_validation": "",
    # 365 days, renewed a month before; agents hold the authority and not the certificate.
    "maximum_certificate_lifespan": "365 days, should be less than 90",
    # Larger than asked for, and what OpenSSL and gRPC offer besides X25519 and P-256.
    "tls_curves": "",
}
STRONG_CURVES = {"secp521r1", "X448"}
MODERN = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")


@dataclass
class Scanned:
    """What sslyze found at one port."""

    found: dict[str, Any]
    deviations: list[str]

    def suites(self, version: str) -> list[str]:
        accepted = self.found[f"{version}_cipher_suites"]["result"]["accepted_cipher_suites"]
        return [each["cipher_suite"]["name"] for each in accepted]


@dataclass
class Running:
    """A collector of its own process, and the certificate of a device it would let in."""

    folder: Path
    serving: dict[str, str]

    def scan(self, port: str, recommendation: str) -> Scanned:
        written = self.folder.parent / f"{port}.json"
        command = [str(SSLYZE), "--mozilla_config", recommendation, "--json_out", str(written)]
        if port == "check_in":
            command += self._as_device()
        address = self.serving[port].removeprefix("https://")
        done = subprocess.run(
            [*command, address], capture_output=True, text=True, timeout=300, check=False
        )
        (result,) = json.loads(written.read_text())["server_scan_results"]
        assert result["scan_status"] == "COMPLETED", done.stdout + done.stderr
        verdicts = done.stdout.partition("COMPLIANCE AGAINST")[2]
        deviations = re.findall(r"^ +\* (\w+: .+)$", verdicts, re.MULTILINE)
        assert deviations or "OK - Compliant" in verdicts
        return Scanned(result["scan_result"], deviations)

    def _as_device(self) -> list[str]:
        authority = open_authority(self.folder, "Muster", system_clock())
        certificate, key = device_of(authority)
        paths = []
        for name, content in (("cert", certificate), ("key", key)):
            path = self.folder.parent / f"device.{name}"
            path.write_bytes(content)
            paths += [f"--{name}", str(path)]
        return paths


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("scanned") / "data"
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as started:
        assert started.stdout is not None
        while "is ready" not in (line := started.stdout.readline()):
            assert line, "it ended before it was ready"
        yield Running(folder, json.loads((folder / "serving.json").read_text()))
        started.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module", params=["web", "enroll", "check_in"])
def port(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def scanned(running: Running, port: str) -> Scanned:
    return running.scan(port, "intermediate" if port == "web" else "modern")


def test_no_old_protocol_is_spoken(scanned: Scanned, port: str) -> None:
    old = ["ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", *([] if port == "web" else ["tls_1_2"])]
    assert {version: scanned.suites(version) for version in old} == {key: [] for key in old}


def test_every_suite_has_forward_secrecy_and_authenticates(scanned: Scanned, port: str) -> None:
    assert set(scanned.suites("tls_1_3")) <= set(MODERN)
    suites = scanned.suites("tls_1_2")
    assert bool(suites) is (port == "web")
    for suite in suites:
        assert re.fullmatch(r"TLS_ECDHE_(ECDSA|RSA)_WITH_\w*(GCM|CHACHA20_POLY1305)\w*", suite)


def test_none_of_the_known_attacks_works(scanned: Scanned) -> None:
    found = {name: each["result"] for name, each in scanned.found.items() if each["result"]}
    assert not found["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not found["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert found["robot"]["robot_result"].startswith("NOT_VULNERABLE")
    assert not found["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"]
    assert not found["tls_compression"]["supports_compression"]


def test_what_deviates_from_the_recommendation_is_meant(scanned: Scanned) -> None:
    for deviation in scanned.deviations:
        name, _, said = deviation.partition(": ")
        assert name in MEANT, deviation
        assert MEANT[name] in said
        if name == "tls_curves":
            assert set(re.findall(r"'(\w+)'", said)) <= STRONG_CURVES


def test_the_certificate_is_the_authoritys_for_servers_only(running: Running) -> None:
    leaf = x509.load_pem_x509_certificate((running.folder / "server.pem").read_bytes())
    authority = x509.load_pem_x509_certificate((running.folder / "authority.pem").read_bytes())
    leaf.verify_directly_issued_by(authority)
