"""The device is the one in the verified client certificate; nothing in a request names it."""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import grpc
from cryptography import x509
from sqlalchemy import Connection

from collector.identity.authority import serial_text
from collector.service.edge import Context, Refused
from collector.store import standing as standings
from collector.store.standing import Bearer, Standing

MOST_REMEMBERED = 1024
"""Certificates that are not read again at the next call of their connection; 1 kB each."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who the TLS handshake proved to be calling, from a certificate of ours.

    `name` is the device's in all of its certificates, so that a renewal multiplies no limit.
    """

    serial: str
    name: str

    @property
    def device_id(self) -> str:
        return self.name.removeprefix("CN=")


class NotAdmitted(Refused):
    """A certificate of ours that does not let its bearer in; `kind` as the audit log calls it."""

    def __init__(self, status: grpc.StatusCode, sentence: str, kind: str) -> None:
        super().__init__(status, sentence)
        self.kind = kind


def caller_of(context: Context) -> Caller:
    """Read the certificate of the handshake; without one there is nobody to answer."""
    shown = tuple(context.auth_context().get("x509_pem_cert", ()))
    if not shown:
        raise _unauthenticated("a client certificate is needed: enroll this device first")
    try:
        return _named(shown[0])
    except ValueError as error:
        raise _unauthenticated("the client certificate cannot be read") from error


@lru_cache(maxsize=MOST_REMEMBERED)
def _named(certificate_pem: bytes) -> Caller:
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    return Caller(serial_text(certificate), certificate.subject.rfc4514_string())


@dataclass(frozen=True, slots=True)
class Admitted:
    """How the device of a good certificate stands, the policy in force, and whether a command
    waits for the device.
    """

    standing: Standing
    policy_version: int
    is_asked: bool


def admitted(c: Connection, caller: Caller, now: datetime) -> Admitted:
    """Who calls, from one statement.

    Refused unless certificate and device are still good. Checked at every call: a connection may
    outlive its certificate, and a revocation must not wait for the certificate's end.
    """
    try:
        return _in_good_standing(standings.bearer(c, caller.serial, now), now)
    except Refused as refused:
        log.warning("A certificate was refused serial=%s: %s", caller.serial, refused)
        raise


def _in_good_standing(bearer: Bearer | None, now: datetime) -> Admitted:
    if bearer is None:
        raise NotAdmitted(
            grpc.StatusCode.UNAUTHENTICATED,
            "this certificate is not known to this collector: enroll the device again",
            "unknown certificate",
        )
    if bearer.revoked_at is not None:
        words = "this device's certificate was revoked: ask IT"
        raise NotAdmitted(grpc.StatusCode.PERMISSION_DENIED, words, "revoked certificate")
    if bearer.not_after <= now:
        words = "this device's certificate has ended: enroll the device again"
        raise NotAdmitted(grpc.StatusCode.UNAUTHENTICATED, words, "ended certificate")
    if bearer.standing is None:
        words = "this device is not known to this collector: enroll it again"
        raise NotAdmitted(grpc.StatusCode.UNAUTHENTICATED, words, "unknown certificate")
    if bearer.standing.retired_at is not None:
        words = "this device was retired from the inventory: ask IT"
        kind = "certificate of a retired device"
        raise NotAdmitted(grpc.StatusCode.PERMISSION_DENIED, words, kind)
    return Admitted(bearer.standing, bearer.policy_version, bearer.is_asked)


def _unauthenticated(sentence: str) -> Refused:
    return Refused(grpc.StatusCode.UNAUTHENTICATED, sentence)
