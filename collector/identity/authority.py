"""The authority signs two kinds of certificate only, and a name in one never comes from outside.

A device certificate authenticates a client and nothing else; a server certificate a server and
nothing else (RFC 5280, 4.2.1.12), so that neither can stand in for the other.
"""

import hashlib
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3652)
SERVER_LIFE = timedelta(days=365)
DEVICE_LIFE = timedelta(days=90)
CLOCK_SKEW = timedelta(minutes=5)
"""A certificate is valid from this long before its making: device clocks run behind."""


@dataclass(frozen=True, slots=True)
class DeviceCertificate:
    """`serial` in lower-case hexadecimal, as the store keys it."""

    serial: str
    pem: bytes
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def sha256(self) -> bytes:
        """Of the DER: what an enrollment string pins."""
        return hashlib.sha256(self.certificate.public_bytes(serialization.Encoding.DER)).digest()

    def sign_device(
        self, public_key: ec.EllipticCurvePublicKey, device_id: str, now: datetime
    ) -> DeviceCertificate:
        names = [x509.UniformResourceIdentifier(f"urn:uuid:{device_id}")]
        unsigned = self._leaf(public_key, device_id, names, now + DEVICE_LIFE, now)
        signed = self._sign(unsigned, ExtendedKeyUsageOID.CLIENT_AUTH)
        return DeviceCertificate(
            serial_text(signed),
            signed.public_bytes(serialization.Encoding.PEM),
            signed.not_valid_after_utc,
        )

    def sign_server(
        self, public_key: ec.EllipticCurvePublicKey, names: Collection[str], now: datetime
    ) -> x509.Certificate:
        """`names` are host names and addresses; the first one becomes the common name."""
        alternatives = [server_name(name) for name in names]
        unsigned = self._leaf(
            public_key, next(iter(names))[:64], alternatives, now + SERVER_LIFE, now
        )
        return self._sign(unsigned, ExtendedKeyUsageOID.SERVER_AUTH)

    def _leaf(
        self,
        public_key: ec.EllipticCurvePublicKey,
        common_name: str,
        alternatives: Collection[x509.GeneralName],
        not_after: datetime,
        now: datetime,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(common_name))
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(min(not_after, self.certificate.not_valid_after_utc))
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )

    def _sign(
        self, unsigned: x509.CertificateBuilder, purpose: x509.ObjectIdentifier
    ) -> x509.Certificate:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            unsigned.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(leaf=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
            .add_extension(issuer, critical=False)
            .sign(self.key, hashes.SHA256())
        )


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def found(key: ec.EllipticCurvePrivateKey, name: str, now: datetime) -> Authority:
    """Make the self-signed certificate of an authority that may sign leaves, not authorities."""
    subject = _name(f"{name} authority"[:64])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(leaf=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def serial_text(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:x}"


def server_name(name: str) -> x509.GeneralName:
    """
    >>> server_name("::1")
    <IPAddress(value=::1)>
    >>> server_name("collector.example")
    <DNSName(value='collector.example')>
    """
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, leaf: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=leaf,
        key_cert_sign=not leaf,
        crl_sign=not leaf,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
