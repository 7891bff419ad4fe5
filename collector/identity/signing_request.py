"""Of a certificate signing request only the public key is used, and only with proof of its owner.

The subject, the alternative names and every extension asked for are not even read: who a device
is comes from the collector (SPIRE's GHSA-h746 is what happens otherwise).
"""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

MOST_BYTES = 4096
"""A request for a P-256 key takes about 250 bytes."""


class RequestRefused(Exception):
    """The signing request cannot be signed; str() says why in one sentence."""


def public_key_of(csr: bytes) -> ec.EllipticCurvePublicKey:
    """The key of a DER-encoded PKCS#10 request whose signature proves that its sender holds it."""
    if not csr:
        raise RequestRefused("csr: is missing; send a PKCS#10 request in DER")
    if len(csr) > MOST_BYTES:
        raise RequestRefused(f"csr: is {len(csr)} bytes long; at most {MOST_BYTES} are accepted")
    try:
        request = x509.load_der_x509_csr(csr)
        key = request.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise RequestRefused("csr: the key is not an EC key on the curve P-256")
        digest = request.signature_hash_algorithm
        if not isinstance(digest, hashes.SHA256 | hashes.SHA384 | hashes.SHA512):
            raise RequestRefused("csr: is not signed with SHA-256, SHA-384 or SHA-512")
        genuine = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise RequestRefused("csr: is not a readable PKCS#10 request in DER") from error
    if not genuine:
        raise RequestRefused("csr: its signature was not made with its own key")
    return key
