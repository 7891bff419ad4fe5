"""Keys and certificates in the data folder are whole, on disk, and readable by their owner only."""

import os
import socket
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from collector.identity.authority import Authority, found, new_key, server_name

REISSUE_BEFORE = timedelta(days=30)


class KeyFileError(Exception):
    """A key or certificate file cannot be used; str() says which and what to do."""


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """What a TLS port shows. The chain ends with the authority, so that a client that knows only
    its fingerprint finds the certificate in the handshake."""

    key_path: Path
    chain_path: Path

    @property
    def key_pem(self) -> bytes:
        return self.key_path.read_bytes()

    @property
    def chain_pem(self) -> bytes:
        return self.chain_path.read_bytes()

    def fingerprint(self) -> tuple[int, ...]:
        """Changes whenever a file is replaced or written; raises OSError when one is missing."""
        looks = (self.key_path.stat(), self.chain_path.stat())
        return tuple(number for look in looks for number in (look.st_ino, look.st_mtime_ns))

    def require_pair(self) -> None:
        """Raises KeyFileError unless key and certificate belong together and can be read.

        An operator's key may be RSA or EC; it is theirs to protect, so its mode is not looked at.
        """
        try:
            key = serialization.load_pem_private_key(self.key_pem, password=None)
            leaf = x509.load_pem_x509_certificate(self.chain_pem)
        except (OSError, ValueError, TypeError) as error:
            raise KeyFileError(
                f"{self.key_path} and {self.chain_path} cannot be used ({error}): give a key "
                "without a passphrase and its certificate chain, both in PEM"
            ) from error
        if key.public_key() != leaf.public_key():
            raise KeyFileError(f"{self.key_path} does not belong to {self.chain_path}")


def open_authority(folder: Path, name: str, now: datetime) -> Authority:
    """The authority of this data folder, made when there is none yet."""
    key_path, certificate_path = folder / "authority.key", folder / "authority.pem"
    if not certificate_path.exists():
        # The key is written first: one without a certificate is a first start that was cut short.
        key = _read_key(key_path) if key_path.exists() else new_key()
        write_private(key_path, _key_pem(key))
        authority = found(key, name, now)
        write_private(certificate_path, authority.pem)
        return authority
    if not key_path.exists():
        raise KeyFileError(
            f"{key_path} is missing: restore it from a backup (without it no device can be "
            "enrolled or renewed)"
        )
    key, certificate = _read_key(key_path), _read_certificate(certificate_path)
    if certificate.public_key() != key.public_key():
        raise KeyFileError(f"{key_path} does not belong to {certificate_path}: restore both")
    if certificate.not_valid_after_utc <= now:
        raise KeyFileError(
            f"{certificate_path} ended at {certificate.not_valid_after_utc:%Y-%m-%d}: devices "
            "must be enrolled again with a collector that has a new data folder"
        )
    return Authority(key, certificate)


def open_server(
    folder: Path, authority: Authority, names: Collection[str], now: datetime
) -> ServerIdentity:
    """The server's certificate, issued anew when it ends soon or is not for these names."""
    identity = ServerIdentity(folder / "server.key", folder / "server.pem")
    wanted = server_names(names)
    if not _serves(identity, authority, wanted, now):
        key = new_key()
        certificate = authority.sign_server(key.public_key(), wanted, now)
        identity.chain_path.unlink(missing_ok=True)
        write_private(identity.key_path, _key_pem(key))
        leaf = certificate.public_bytes(serialization.Encoding.PEM)
        write_private(identity.chain_path, leaf + authority.pem)
    return identity


def server_names(configured: Collection[str]) -> tuple[str, ...]:
    """Every name a client may call this collector by, the configured ones first, none twice."""
    own = (socket.gethostname(), "localhost", "127.0.0.1", "::1")
    return tuple(dict.fromkeys((*configured, *(name for name in own if name.isascii() and name))))


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` in one step; after a crash it holds the old content or the new, never half."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _serves(
    identity: ServerIdentity, authority: Authority, wanted: Collection[str], now: datetime
) -> bool:
    if not (identity.chain_path.exists() and identity.key_path.exists()):
        return False
    leaf = _read_certificate(identity.chain_path)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return (
        leaf.public_key() == _read_key(identity.key_path).public_key()
        and leaf.issuer == authority.certificate.subject
        and _issued_by(leaf, authority)
        and set(names) == {server_name(name) for name in wanted}
        and leaf.not_valid_after_utc - now > REISSUE_BEFORE
    )


def _issued_by(leaf: x509.Certificate, authority: Authority) -> bool:
    known = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    return known == ours


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others: run `chmod 600 {path}`")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise KeyFileError(f"{path} does not hold a readable key: restore it") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyFileError(f"{path} does not hold an EC key: restore it")
    return key


def _read_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise KeyFileError(f"{path} does not hold a readable certificate: restore it") from error


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
