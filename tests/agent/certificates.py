"""A small authority for tests: what a collector would sign, made here."""

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

PEM = serialization.Encoding.PEM


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, words)])


@dataclass
class TestAuthority:
    """Signs for `life` days from `now`."""

    __test__ = False  # not a test class, whatever its name

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def certificate(self) -> x509.Certificate:
        if not hasattr(self, "_certificate"):
            own = x509.BasicConstraints(ca=True, path_length=0)
            self._certificate = self._sign("test authority", self.key.public_key(), own, 3650, [])
        return self._certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(PEM)

    @property
    def sha256(self) -> bytes:
        return self.certificate.fingerprint(hashes.SHA256())

    def server(self, host: str) -> tuple[bytes, bytes]:
        """Key and chain (server, authority), PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            name: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            name = x509.DNSName(host)
        no = x509.BasicConstraints(ca=False, path_length=None)
        certificate = self._sign(host, key.public_key(), no, 90, [name])
        form = serialization.PrivateFormat.PKCS8
        private = key.private_bytes(PEM, form, serialization.NoEncryption())
        return private, certificate.public_bytes(PEM) + self.pem

    def device(self, csr: bytes, days: int = 90) -> bytes:
        """The certificate for a DER signing request, PEM."""
        request = x509.load_der_x509_csr(csr)
        assert request.is_signature_valid
        no = x509.BasicConstraints(ca=False, path_length=None)
        return self._sign("device", request.public_key(), no, days, []).public_bytes(PEM)

    def _sign(
        self,
        name: str,
        key: CertificatePublicKeyTypes,
        constraints: x509.BasicConstraints,
        days: int,
        names: list[x509.GeneralName],
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name("test authority"))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(minutes=5))
            .not_valid_after(self.now + timedelta(days=days))
            .add_extension(constraints, critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())
