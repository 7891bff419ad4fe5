"""One login under way at the provider: begun in this browser, ended in it, once, within minutes.

All that must be known when the person comes back travels in the browser's cookie, sealed with a
key that lives as long as the process: a million logins that are begun and never ended cost
nothing. What came back is remembered until it is too old anyway.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from collector.accounts.sealing import Seal
from collector.accounts.sso.refusals import Reason, Refused
from collector.clock import Clock
from collector.identity.key_files import KeyFileError

LASTS = timedelta(minutes=10)
LONGEST_COOKIE = 2048
MOST_REMEMBERED = 50_000
SEALED_FOR = "single sign-on"


@dataclass(frozen=True, slots=True)
class Journey:
    """`link_to` and `session` (the hash of its token): the account to be connected, and by whom."""

    state: str
    nonce: str
    verifier: str
    started_ms: int
    link_to: str = ""
    session: str = ""

    @property
    def challenge(self) -> str:
        """S256 of RFC 7636.

        >>> Journey("", "", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", 0).challenge
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
        """
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class Journeys:
    """Used from one thread (the event loop)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seal = Seal(secrets.token_bytes(32))
        self._arrived: OrderedDict[str, datetime] = OrderedDict()

    def begin(self, link_to: str = "", session: str = "") -> tuple[Journey, str]:
        """The journey, and the cookie that the browser keeps of it."""
        at_ms = int(self._clock().timestamp() * 1000)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        journey = Journey(state, nonce, verifier, at_ms, link_to, session)
        sealed = self._seal.close(json.dumps(asdict(journey)).encode(), SEALED_FOR)
        return journey, base64.urlsafe_b64encode(sealed).decode()

    def end(self, cookie: str, state: str) -> Journey:
        """The journey that this answer belongs to, once. Raises Refused."""
        journey = self._opened(cookie)
        if not hmac.compare_digest(journey.state.encode(), state.encode()):
            raise Refused(Reason.STATE)
        now = self._clock()
        age_ms = int(now.timestamp() * 1000) - journey.started_ms
        if not 0 <= age_ms <= LASTS // timedelta(milliseconds=1):
            raise Refused(Reason.OLD)
        self._forget(now)
        if journey.state in self._arrived:
            raise Refused(Reason.AGAIN)
        self._arrived[journey.state] = now
        return journey

    def _opened(self, cookie: str) -> Journey:
        try:
            sealed = base64.b64decode(cookie[:LONGEST_COOKIE], altchars=b"-_", validate=True)
            return replace(
                Journey("", "", "", 0), **json.loads(self._seal.open(sealed, SEALED_FOR))
            )
        except (binascii.Error, ValueError, KeyFileError) as error:
            raise Refused(Reason.STATE) from error

    def _forget(self, now: datetime) -> None:
        while self._arrived:
            oldest = next(iter(self._arrived.values()))
            if now - oldest <= LASTS and len(self._arrived) < MOST_REMEMBERED:
                return
            self._arrived.popitem(last=False)
