"""Guessing a password is slow before it costs us anything: tries are counted before hashing.

A try counts as failed from the moment it is allowed, so fifty at once are fifty tries. Strangers
cannot lock a person out: an address the account has logged in from has an allowance of its own.
The counts are in memory and start anew with the collector.
"""

import ipaddress
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from collector.clock import Clock

K = TypeVar("K")
V = TypeVar("V")

DAY = timedelta(days=1)
LONGEST_WAIT = timedelta(hours=1)
MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """`free` failures cost nothing, the next one seconds, those after it minutes; then a cap."""

    free: int
    a_day: int


ACCOUNT = Allowance(free=3, a_day=25)
ADDRESS = Allowance(free=20, a_day=250)


@dataclass(slots=True)
class _Tries:
    in_a_row: int = 0
    recent: deque[datetime] = field(default_factory=deque)

    def free_at(self, allowance: Allowance, now: datetime) -> datetime:
        """The moment from which another try is allowed."""
        while self.recent and self.recent[0] <= now - DAY:
            self.recent.popleft()
        if not self.recent:
            self.in_a_row = 0
            return now
        if len(self.recent) >= allowance.a_day:
            return self.recent[0] + DAY
        return self.recent[-1] + delay(self.in_a_row - allowance.free)


def password_of(username: str) -> str:
    """What tries at a password are counted as. Codes, passkeys and answers of a provider have
    words of their own before the name: what a stranger types as one is never taken for those."""
    return f"password of {username}"


def delay(beyond: int) -> timedelta:
    """How long to wait after so many failures beyond the free ones.

    >>> [delay(n).seconds for n in (0, 1, 2, 3, 4, 9)]
    [0, 2, 64, 128, 256, 3600]
    """
    if beyond <= 0:
        return timedelta(0)
    seconds = 2 if beyond == 1 else 2 ** min(beyond + 4, 12)
    return min(timedelta(seconds=seconds), LONGEST_WAIT)


class Throttle:
    """Says whether a login may be tried now. Used from one thread (the event loop)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._accounts: OrderedDict[tuple[str, str], _Tries] = OrderedDict()
        self._addresses: OrderedDict[str, _Tries] = OrderedDict()
        self._trusted: OrderedDict[tuple[str, str], None] = OrderedDict()

    def try_now(self, username: str, address: str) -> datetime | None:
        """None and the try is counted; or the moment from which to try again, nothing counted."""
        now, network = self._clock(), _network(address)
        by_address = _remembered(self._addresses, network)
        free_at = by_address.free_at(ADDRESS, now)
        if free_at > now:
            return free_at
        by_account = _remembered(self._accounts, self._account_key(username, network))
        free_at = by_account.free_at(ACCOUNT, now)
        if free_at > now:
            return free_at
        for tries in (by_address, by_account):
            tries.in_a_row += 1
            tries.recent.append(now)
        return None

    def not_tried(self, username: str, address: str) -> None:
        """The last try was never looked at, since others were in the way: it counts for nobody."""
        network = _network(address)
        by_account = self._accounts.get(self._account_key(username, network))
        for tries in (by_account, self._addresses.get(network)):
            if tries is not None and tries.recent:
                tries.recent.pop()
                tries.in_a_row -= 1

    def succeeded(self, username: str, address: str) -> None:
        """The last try was right: it was no failure, and the waiting of this account ends.

        What the address did to other accounts, and the account's failures of the day, stay.
        """
        network = _network(address)
        self.not_tried(username, address)
        by_account = self._accounts.get(self._account_key(username, network))
        if by_account is not None:
            by_account.in_a_row = 0
        _keep(self._trusted, (username, network), None)

    def _account_key(self, username: str, network: str) -> tuple[str, str]:
        return (username, network if (username, network) in self._trusted else "")


def _remembered(table: "OrderedDict[K, _Tries]", key: K) -> _Tries:
    tries = table.get(key)
    if tries is None:
        tries = _Tries()
    _keep(table, key, tries)
    return tries


def _keep(table: "OrderedDict[K, V]", key: K, value: V) -> None:
    table[key] = value
    table.move_to_end(key)
    if len(table) > MOST_REMEMBERED:
        table.popitem(last=False)


def _network(address: str) -> str:
    """One IPv4 address, or the /64 that one IPv6 customer holds.

    >>> _network("192.0.2.7"), _network("2001:db8::1:2"), _network("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8::/64', '192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
