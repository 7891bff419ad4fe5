"""The device's key is made here and never leaves; its certificate is only used when it fits."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from agent.state import State, StateError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

KEY = "key.pem"
CERTIFICATE = "certificate.pem"
AUTHORITY = "authority.pem"


class BadIdentity(StateError):
    """Key and certificates do not belong together, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the device shows to prove who it is, and the authority it believes. All PEM."""

    key: bytes
    certificate: bytes
    authority: bytes


@dataclass(frozen=True, slots=True)
class Validity:
    """The life of a certificate, and its serial number."""

    not_before_at: datetime
    not_after_at: datetime
    serial: int


def load(state: State) -> Identity:
    """Raises BadIdentity when one of the three files is missing."""
    found = {name: state.read(name) for name in (KEY, CERTIFICATE, AUTHORITY)}
    key, certificate, authority = found[KEY], found[CERTIFICATE], found[AUTHORITY]
    if key is None or certificate is None or authority is None:
        missing = ", ".join(name for name, content in found.items() if content is None)
        raise BadIdentity(f"{state.folder} has no {missing}; run muster-agent enroll --again")
    return Identity(key, certificate, authority)


def new_key() -> bytes:
    """An EC P-256 private key, PEM (PKCS#8)."""
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())


def signing_request(key: bytes) -> bytes:
    """PKCS#10, DER. Its names are empty words: the collector gives the device its name."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "muster-agent")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(_private(key), hashes.SHA256()).public_bytes(Encoding.DER)


def validity(certificate: bytes) -> Validity:
    """Raises BadIdentity when it is not a certificate."""
    from cryptography import x509

    try:
        read = x509.load_pem_x509_certificate(certificate)
    except ValueError as error:
        raise BadIdentity("certificate.pem is damaged; run muster-agent enroll --again") from error
    return Validity(read.not_valid_before_utc, read.not_valid_after_utc, read.serial_number)


def check(identity: Identity) -> None:
    """Raise BadIdentity unless the certificate is for our key and from our authority."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        certificate = x509.load_pem_x509_certificate(identity.certificate)
        authority = x509.load_pem_x509_certificate(identity.authority)
        fits = certificate.public_key() == _private(identity.key).public_key()
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise BadIdentity("the certificate was not issued by the collector's authority") from error
    if not fits:
        raise BadIdentity("the certificate is not for this device's key")


def authority_with(fingerprint: bytes, chain: tuple[bytes, ...]) -> bytes | None:
    """The authority of a DER chain whose SHA-256 is `fingerprint`, as PEM; None when not there."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    for der in chain:
        try:
            certificate = x509.load_der_x509_certificate(der)
        except ValueError:  # whoever answers can send anything
            continue
        if certificate.fingerprint(hashes.SHA256()) == fingerprint and _is_authority(certificate):
            return certificate.public_bytes(Encoding.PEM)
    return None


def _is_authority(certificate: object) -> bool:
    from cryptography import x509

    assert isinstance(certificate, x509.Certificate)
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


def _private(key: bytes) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    read = load_pem_private_key(key, None)
    if not isinstance(read, ec.EllipticCurvePrivateKey):
        raise BadIdentity("key.pem holds no EC key; run muster-agent enroll --again")
    return read
