"""A password is kept only as an Argon2id hash, and hashing can never exhaust the machine.

The parameters are 64 MiB, 3 passes, 1 lane: well above OWASP's minimum for Argon2id (19 MiB, 2
passes), about a quarter of a second on a small server. Each hash records its own parameters, so
raising them here re-hashes everyone at their next login.
"""

import base64
import secrets
import threading
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2
LONGEST = 128
# No 0/O, 1/l/I, and nothing that a keyboard layout moves: 31 symbols, 4.95 bits each.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 6, 4


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs: memory in KiB, passes over it, lanes."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 1


class Passwords:
    """Hashes and verifies, at most two at a time: the rest wait in line."""

    def __init__(self, cost: Cost | None = None) -> None:
        self._cost = cost or Cost()
        self._hasher = PasswordHasher(
            time_cost=self._cost.passes,
            memory_cost=self._cost.memory_kib,
            parallelism=self._cost.lanes,
            hash_len=32,
            salt_len=16,
        )
        self._slots = threading.BoundedSemaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        with self._slots:
            return self._hasher.hash(password)

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the right password.

        None (no such account) costs as much time as a wrong password, and is never right.
        A password longer than 128 characters is never right and is not hashed.
        """
        if len(password) > LONGEST:
            return False
        with self._slots:
            try:
                self._hasher.verify(password_hash or self._nobodys_hash(), password)
            except (VerificationError, InvalidHashError):
                return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _nobodys_hash(self) -> str:
        """A hash that no password was used for, with today's cost."""
        salt, tag = (_base64(secrets.token_bytes(size)) for size in (16, 32))
        cost = self._cost
        return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${tag}"


def generate() -> str:
    """A password for a person to copy: six groups of four, 118 bits.

    >>> len(generate())
    29
    """
    return "-".join(
        "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")
