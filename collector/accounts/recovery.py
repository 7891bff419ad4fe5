"""Ten codes for the day the phone is lost: each opens the account once, kept only as a hash.

A code has 112 random bits, so a plain SHA-256 of it cannot be tried out.
"""

import base64
import hashlib
import secrets

HOW_MANY = 10
CODE_BYTES = 14
GROUP = 4


def new_codes() -> tuple[str, ...]:
    """Ten codes to be shown once, in groups of four.

    >>> len(new_codes()), len(new_codes()[0])
    (10, 28)
    """
    return tuple(_written(secrets.token_bytes(CODE_BYTES)) for _ in range(HOW_MANY))


def hash_of(code: str) -> bytes:
    """What is kept, and looked up. Blanks, hyphens and the case of letters do not matter."""
    letters = "".join(c for c in code.upper() if c.isalnum())
    return hashlib.sha256(b"muster recovery code\0" + letters.encode()).digest()


def _written(raw: bytes) -> str:
    text = base64.b32encode(raw).decode().rstrip("=").lower()
    return "-".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))
