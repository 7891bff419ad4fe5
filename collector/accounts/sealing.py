"""What must be readable again (the secret of an authenticator) is kept sealed: AES-256-GCM.

The key lies in the data folder beside the database, so a copy of the database alone opens nothing.
The account's name is bound in: a sealed secret moved to another account does not open.
"""

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from collector.identity.key_files import KeyFileError, write_private

FILE = "secrets.key"
KEY_BYTES, NONCE_BYTES = 32, 12


class Seal:
    """Seals and opens. Make one with `open_seal`."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, secret: bytes, owner: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Raises KeyFileError when it was sealed for another owner or with another key."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyFileError(
                f"the second factor of {owner} cannot be opened with {FILE}: restore that file "
                "from the backup the database is of, or reset the account's second factor"
            ) from error


def open_seal(folder: Path) -> Seal:
    """The seal of this data folder, its key made when there is none. Raises KeyFileError."""
    path = folder / FILE
    if not path.exists():
        write_private(path, secrets.token_bytes(KEY_BYTES))
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others: run `chmod 600 {path}`")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path} does not hold a key of {KEY_BYTES} bytes: restore it")
    return Seal(key)
