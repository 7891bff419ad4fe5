"""A challenge for a passkey is answered once, in the browser it was made for, within minutes.

Nothing is kept of a challenge until it is answered, so asking for a million of them costs nothing:
it carries its time and a code over itself, its purpose and the browser's cookie. The key of that
code lives as long as the process.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta

from collector.clock import Clock

LASTS = timedelta(minutes=5)
NONCE_BYTES, TIME_BYTES, TAG_BYTES = 16, 8, 32
MOST_REMEMBERED = 50_000


class Challenges:
    """Used from one thread (the event loop)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._taken: OrderedDict[bytes, datetime] = OrderedDict()

    def new(self, purpose: str, bound_to: str) -> bytes:
        at = int(self._clock().timestamp() * 1000)
        body = secrets.token_bytes(NONCE_BYTES) + at.to_bytes(TIME_BYTES, "big")
        return body + self._tag(body, purpose, bound_to)

    def take(self, challenge: bytes, purpose: str, bound_to: str) -> bool:
        """True once: it is ours, for this purpose and browser, and not older than LASTS."""
        body, tag = challenge[:-TAG_BYTES], challenge[-TAG_BYTES:]
        if len(body) != NONCE_BYTES + TIME_BYTES:
            return False
        if not hmac.compare_digest(tag, self._tag(body, purpose, bound_to)):
            return False
        now = self._clock()
        age_ms = int(now.timestamp() * 1000) - int.from_bytes(body[NONCE_BYTES:], "big")
        self._forget(now)
        if not 0 <= age_ms <= LASTS // timedelta(milliseconds=1) or body in self._taken:
            return False
        self._taken[body] = now
        return True

    def _tag(self, body: bytes, purpose: str, bound_to: str) -> bytes:
        words = body + hashlib.sha256(bound_to.encode()).digest() + purpose.encode()
        return hmac.digest(self._key, words, "sha256")

    def _forget(self, now: datetime) -> None:
        while self._taken:
            oldest = next(iter(self._taken.values()))
            if now - oldest <= LASTS and len(self._taken) < MOST_REMEMBERED:
                return
            self._taken.popitem(last=False)
