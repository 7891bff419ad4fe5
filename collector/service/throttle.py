"""One caller cannot take the collector from the others, and callers are few in memory."""

import ipaddress
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote

MOST_CALLERS = 50_000
"""Remembered at once, about 150 bytes each; the one unseen for longest is forgotten first."""


class Buckets:
    """A token bucket a caller: `burst` calls at once, then `per_second`."""

    def __init__(
        self,
        burst: int,
        per_second: float,
        *,
        most: int = MOST_CALLERS,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = float(burst)
        self._per_second = per_second
        self._most = most
        self._seconds = seconds
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, caller: str) -> int:
        """0 when the call may go on, else the whole seconds after which one will."""
        now = self._seconds()
        level, at = self._levels.pop(caller, (self._burst, now))
        level = min(self._burst, level + (now - at) * self._per_second)
        allowed = level >= 1
        self._levels[caller] = (level - 1 if allowed else level, now)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)
        return 0 if allowed else math.ceil((1 - level) / self._per_second)


class Concurrency:
    """At most `most` calls of one caller at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: Counter[str] = Counter()

    @contextmanager
    def one(self, caller: str) -> Iterator[bool]:
        """Gives False when the caller already has as many calls running as it may."""
        if self._running[caller] >= self._most:
            yield False
            return
        self._running[caller] += 1
        try:
            yield True
        finally:
            self._running[caller] -= 1
            if not self._running[caller]:
                del self._running[caller]


def network_of(peer: str) -> str:
    """The caller's network as gRPC's name for a peer tells it: an IPv6 host owns its whole /64.

    >>> network_of("ipv4:192.0.2.7:51000")
    '192.0.2.7'
    >>> network_of("ipv6:%5B2001:db8::7%5D:51000")
    '2001:db8::/64'
    """
    host = unquote(peer).partition(":")[2].rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return peer.rpartition(":")[0]
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
