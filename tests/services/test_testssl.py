"""A second scanner of others (testssl.sh) finds nothing of medium or above at any port.

It has its own handshakes, so it sees what sslyze takes OpenSSL's word for.
"""

import json
import subprocess

import pytest

from tests.services.test_tls import Running, running

__all__ = ["running"]

GRAVE = ("MEDIUM", "HIGH", "CRITICAL", "FATAL")
MEANT = {
    # Only our own programs ask for this certificate; it lives for months and is made anew in the
    # data folder, and there is nobody whom a list of revoked ones would tell anything.
    "cert_revocation": "Neither CRL nor OCSP URI provided",
}
LEAST_ASKED = 100
"""Findings of a scan that went through; one that could not connect has a handful."""


@pytest.mark.parametrize("port", ["web", "enroll", "check_in"])
def test_nothing_of_medium_or_above_is_found(running: Running, port: str) -> None:
    address = running.serving[port].removeprefix("https://")
    written = running.folder.parent / f"testssl-{port}.json"
    authority = running.folder / "authority.pem"
    command = ("testssl", "--quiet", "--color", "0", "--warnings", "off")
    done = subprocess.run(
        (*command, "--add-ca", str(authority), "--jsonfile", str(written), address),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )
    found = json.loads(written.read_text())
    assert len(found) >= LEAST_ASKED, done.stdout[-2_000:]
    grave = {each["id"]: each["finding"] for each in found if each["severity"] in GRAVE}
    assert grave.items() <= MEANT.items(), grave
    offered = {each["id"]: each["finding"] for each in found}
    assert "not offered" in offered["TLS1"]
    assert "not offered" in offered["TLS1_1"]
    assert offered["TLS1_3"].startswith("offered")
