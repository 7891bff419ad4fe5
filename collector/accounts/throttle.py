"""Guessing a password is slow before it costs us anything: tries are counted before hashing.

A try counts as failed from the moment it is allowed, so fifty at once are fifty tries. Strangers
cannot lock a person out: an address the account has logged in from has an allowance of its own.
The counts are in memory and start anew with the collector. Those of names that are no account's
are few and the oldest goes; they never push out the count of an account.
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
SITE = Allowance(free=100, a_day=1_000)
"""Of an IPv6 /48, which one customer may hold and go through the 65,536 /64 of."""


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
        self._strangers: OrderedDict[tuple[str, str], _Tries] = OrderedDict()
        self._addresses: OrderedDict[str, _Tries] = OrderedDict()
        self._trusted: OrderedDict[tuple[str, str], None] = OrderedDict()

    def try_now(self, username: str, address: str, *, is_account: bool = False) -> datetime | None:
        """None and the try is counted; or the moment from which to try again, nothing counted.

        `is_account`: there is an account that this counts for, so it is not forgotten for others.
        """
        now, networks = self._clock(), _networks(address)
        counted: list[_Tries] = []
        for network, allowance in zip(networks, (ADDRESS, SITE), strict=False):
            tries = _remembered(self._addresses, network)
            if (free_at := tries.free_at(allowance, now)) > now:
                return free_at
            counted.append(tries)
        by_account = self._of_account(self._account_key(username, networks[0]), is_account)
        if (free_at := by_account.free_at(ACCOUNT, now)) > now:
            return free_at
        for tries in (*counted, by_account):
            tries.in_a_row += 1
            tries.recent.append(now)
        return None

    def not_tried(self, username: str, address: str) -> None:
        """The last try was never looked at, since others were in the way: it counts for nobody."""
        networks = _networks(address)
        by_account = self._known(self._account_key(username, networks[0]))
        for tries in (by_account, *map(self._addresses.get, networks)):
            if tries is not None and tries.recent:
                tries.recent.pop()
                tries.in_a_row -= 1

    def succeeded(self, username: str, address: str) -> None:
        """The last try was right: it was no failure, and the waiting of this account ends.

        What the address did to other accounts, and the account's failures of the day, stay.
        """
        network = _networks(address)[0]
        self.not_tried(username, address)
        by_account = self._known(self._account_key(username, network))
        if by_account is not None:
            by_account.in_a_row = 0
        _keep(self._trusted, (username, network), None)

    def _known(self, key: tuple[str, str]) -> _Tries | None:
        return self._accounts.get(key) or self._strangers.get(key)

    def _of_account(self, key: tuple[str, str], is_account: bool) -> _Tries:
        """What was counted before the account was made goes on with it."""
        if key in self._accounts or not is_account:
            return self._accounts.get(key) or _remembered(self._strangers, key)
        if len(self._accounts) >= MOST_REMEMBERED:
            self._forget_the_idle()
        tries = self._strangers.pop(key, None) or _Tries()
        self._accounts[key] = tries
        return tries

    def _forget_the_idle(self) -> None:
        """Those with no failure of the day: as many as there are accounts are left at most."""
        since = self._clock() - DAY
        for key, tries in list(self._accounts.items()):
            if not tries.recent or tries.recent[-1] <= since:
                del self._accounts[key]

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


def _networks(address: str) -> tuple[str, ...]:
    """One IPv4 address; or the /64 that one IPv6 customer holds at least, and the /48 at most.

    >>> _networks("192.0.2.7"), _networks("::ffff:192.0.2.7")
    (('192.0.2.7',), ('192.0.2.7',))
    >>> _networks("2001:db8::1:2")
    ('2001:db8::/64', '2001:db8::/48')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return (address,)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.version == 4:
        return (str(parsed),)
    number = int(parsed)
    return tuple(
        f"{ipaddress.IPv6Address(number >> 128 - bits << 128 - bits)}/{bits}" for bits in (64, 48)
    )
