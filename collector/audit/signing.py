"""The key that signs checkpoints: Ed25519, made at the first start, readable by its owner only."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from collector.environment import PRODUCTION, kept
from collector.identity.key_files import KeyFileError, write_private

KEY_FILE, PUBLIC_FILE = "audit.key", "audit.pub"
ENVIRONMENT = "environment: "


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks a checkpoint; whoever reviews the log holds this half of the key."""

    key: Ed25519PublicKey
    environment: str = PRODUCTION

    @property
    def origin(self) -> str:
        """The key's id: the first 16 hexadecimal digits of its SHA-256.

        Outside production the environment stands before it, so that a log of tests says so.
        """
        digits = hashlib.sha256(self.key.public_bytes_raw()).hexdigest()[:16]
        return digits if self.environment == PRODUCTION else f"{self.environment}-{digits}"

    def holds(self, words: bytes, signature: str) -> bool:
        try:
            self.key.verify(base64.b64decode(signature, validate=True), words)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs checkpoints."""

    key: Ed25519PrivateKey
    environment: str = PRODUCTION

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.key.public_key(), self.environment)

    def sign(self, words: bytes) -> str:
        return base64.b64encode(self.key.sign(words)).decode()


def open_signer(folder: Path) -> Signer:
    """The key of this data folder, made when there is neither key nor public half.

    Raises KeyFileError.
    """
    path = folder / KEY_FILE
    if not path.exists():
        if (folder / PUBLIC_FILE).exists():
            raise KeyFileError(
                f"{path} is missing: restore it from a backup (without it the audit log cannot "
                f"go on), or move {folder / PUBLIC_FILE} and the folder audit away to begin anew"
            )
        write_private(
            path,
            Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
    signer = Signer(_private(path), kept(folder))
    public = signer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if not (folder / PUBLIC_FILE).exists():
        # PEM takes words before the key (RFC 7468, 2): whoever holds a copy knows what it is of.
        words = f"{ENVIRONMENT}{signer.environment}\n".encode()
        write_private(folder / PUBLIC_FILE, words + public)
    return signer


def open_verifier(path: Path) -> Verifier:
    """A public key in PEM. Raises KeyFileError."""
    try:
        content = path.read_bytes()
        key = serialization.load_pem_public_key(content)
    except FileNotFoundError:
        raise KeyFileError(f"{path} does not exist: name the file audit.pub") from None
    except ValueError as error:
        raise KeyFileError(f"{path} does not hold a readable public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{path} does not hold an Ed25519 key")
    said = content.partition(b"\n")[0].decode("ascii", "replace")
    named = said.startswith(ENVIRONMENT)
    return Verifier(key, said.removeprefix(ENVIRONMENT) if named else PRODUCTION)


def _private(path: Path) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others: run `chmod 600 {path}`")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise KeyFileError(f"{path} does not hold a readable key: restore it") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} does not hold an Ed25519 key: restore it")
    return key
