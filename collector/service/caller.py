"""The device is the one in the verified client certificate; nothing in a request names it."""

import logging
from dataclasses import dataclass
from datetime import datetime

import grpc
from cryptography import x509
from sqlalchemy import Connection

from collector.identity.authority import serial_text
from collector.model import Device
from collector.service.edge import Context, Refused
from collector.store import certificates, devices

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who the TLS handshake proved to be calling: the serial of a certificate of ours."""

    serial: str


def caller_of(context: Context) -> Caller:
    """Read the certificate of the handshake; without one there is nobody to answer."""
    shown = tuple(context.auth_context().get("x509_pem_cert", ()))
    if not shown:
        raise _unauthenticated("a client certificate is needed: enroll this device first")
    try:
        certificate = x509.load_pem_x509_certificate(shown[0])
        return Caller(serial_text(certificate))
    except ValueError as error:
        raise _unauthenticated("the client certificate cannot be read") from error


def device_of(c: Connection, caller: Caller, now: datetime) -> Device:
    """The device this certificate was issued to, when both are still good.

    Checked at every call: a connection may outlive its certificate, and a revocation must not
    wait for the certificate's end.
    """
    try:
        return _in_good_standing(c, caller, now)
    except Refused as refused:
        log.warning("A certificate was refused serial=%s: %s", caller.serial, refused)
        raise


def _in_good_standing(c: Connection, caller: Caller, now: datetime) -> Device:
    certificate = certificates.get(c, caller.serial)
    if certificate is None:
        raise _unauthenticated(
            "this certificate is not known to this collector: enroll the device again"
        )
    if certificate.revoked_at is not None:
        raise _forbidden("this device's certificate was revoked: ask IT")
    if certificate.not_after <= now:
        raise _unauthenticated("this device's certificate has ended: enroll the device again")
    device = devices.get(c, certificate.device_id)
    if device is None:
        raise _unauthenticated("this device is not known to this collector: enroll it again")
    if device.retired_at is not None:
        raise _forbidden("this device was retired from the inventory: ask IT")
    return device


def _unauthenticated(sentence: str) -> Refused:
    return Refused(grpc.StatusCode.UNAUTHENTICATED, sentence)


def _forbidden(sentence: str) -> Refused:
    return Refused(grpc.StatusCode.PERMISSION_DENIED, sentence)
