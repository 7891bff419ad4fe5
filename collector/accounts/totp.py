"""Codes of an authenticator app: RFC 6238, six digits, thirty seconds, each used at most once."""

import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20
TOLERANCE = 1
"""Steps before and after now that are taken: a phone's clock may be half a minute off."""


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def accepted_step(secret: bytes, code: str, now: datetime, last_step: int) -> int | None:
    """The step the code belongs to; None when it is wrong, too old, or was used already.

    `last_step` is the step of the last code that was taken (0: none). Keep the answer as the next
    `last_step` in the same transaction that lets the person in.
    """
    digits = code.replace(" ", "")
    if len(digits) != DIGITS or not digits.isascii() or not digits.isdigit():
        return None
    current = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(current - TOLERANCE, current + TOLERANCE + 1):
        if hmac.compare_digest(code_at(secret, step), digits) and step > last_step:
            found = step
    return found


def code_at(secret: bytes, step: int) -> str:
    """The code of one step of thirty seconds."""
    # SHA-1 is what every authenticator app speaks (RFC 6238, 1.2); HMAC does not need more.
    hotp = HOTP(secret, DIGITS, SHA1(), enforce_key_length=False)  # noqa: S303
    return hotp.generate(step).decode()


def setup_uri(secret: bytes, username: str, collector: str) -> str:
    """What the QR code holds (Key Uri Format of the authenticator apps)."""
    label = f"{quote(collector, safe='')}:{quote(username, safe='')}"
    issuer = quote(collector, safe="")
    return (
        f"otpauth://totp/{label}?secret={typed(secret).replace(' ', '')}&issuer={issuer}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    )


def typed(secret: bytes) -> str:
    """The secret for those who cannot scan: Base32 in groups of four."""
    from base64 import b32encode

    text = b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
