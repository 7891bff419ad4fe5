"""A signing request can ask for anything; it gets its key certified or a sentence why not."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from collector.identity.authority import new_key
from collector.identity.signing_request import RequestRefused, public_key_of
from tests.collector.identity.requests import signing_request


def named(common_name: str) -> x509.CertificateSigningRequestBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    return x509.CertificateSigningRequestBuilder().subject_name(name)


def test_a_plain_request_gives_its_key() -> None:
    key = new_key()
    assert public_key_of(signing_request(key)) == key.public_key()


def test_whatever_else_a_request_asks_for_is_ignored() -> None:
    key = new_key()
    greedy = (
        named("another-device")
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    )
    csr = greedy.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert public_key_of(csr) == key.public_key()


def tampered() -> bytes:
    """A request whose key was exchanged for another one after it was signed."""
    key, other = new_key(), new_key()
    encode = {"encoding": Encoding.X962}

    mine = key.public_key().public_bytes(**encode, format=PublicFormat.UncompressedPoint)
    theirs = other.public_key().public_bytes(**encode, format=PublicFormat.UncompressedPoint)
    return signing_request(key).replace(mine, theirs)


def long_subject() -> bytes:
    name = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "x" * 60) for _ in range(1000)]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(name)
    return request.sign(new_key(), hashes.SHA256()).public_bytes(Encoding.DER)


def rsa_request(bits: int) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return named("x").sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def other_curve() -> bytes:
    key = ec.generate_private_key(ec.SECP384R1())
    return named("x").sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("csr", "reason"),
    [
        (b"", "csr: is missing"),
        (b"\x30\x82garbage", "csr: is not a readable"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\n", "csr: is not a readable"),
        (signing_request(new_key()) + b"\x00", "csr: is not a readable"),
        (long_subject(), r"csr: is \d+ bytes long; at most 4096"),
        (rsa_request(2048), "csr: the key is not an EC key on the curve P-256"),
        (other_curve(), "csr: the key is not an EC key on the curve P-256"),
        (tampered(), "csr: its signature was not made with its own key"),
    ],
    ids=["empty", "garbage", "pem", "trailing", "64 kB subject", "rsa", "p384", "tampered"],
)
def test_a_request_that_cannot_be_signed_is_refused_with_the_reason(
    csr: bytes, reason: str
) -> None:
    with pytest.raises(RequestRefused, match=reason):
        public_key_of(csr)
