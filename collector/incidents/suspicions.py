"""Which records of the audit log are security events, alone or because there are many of them.

Pure but for its counts, which are in memory: after a restart a guesser starts with none.
"""

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from collector.audit.entry import Action, Outcome
from collector.incidents.kinds import alarm
from collector.store.incidents import Alarm

MOST_REMEMBERED = 10_000


class Told(msgspec.Struct):
    """A record of the log, as far as it matters here."""

    at: str
    actor: str
    action: str
    outcome: str
    name: str = ""
    address: str = msgspec.field(name="from", default="")
    subject: str = msgspec.field(name="on", default="")
    detail: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Threshold:
    """So many within this time are too many."""

    count: int
    within: timedelta


OF_ACCOUNT = Threshold(10, timedelta(hours=24))
OF_ADDRESS = Threshold(20, timedelta(hours=1))
OF_ALL = Threshold(100, timedelta(hours=1))
TOKENS_OF_ADDRESS = Threshold(10, timedelta(hours=1))
ENDED_OF_ONE = Threshold(3, timedelta(hours=24))
PAGES_OF_ACCOUNT = Threshold(20, timedelta(hours=1))

ENDED = "ended certificate"
ANOMALIES = {
    "same hardware": "clone",
    "sequence clash": "clone",
    "hardware changed": "clone",
    "revoked certificate": "certificate_revoked",
    "certificate of a retired device": "certificate_revoked",
    "unknown certificate": "certificate_unknown",
}
"""`detail.kind` of a device's anomaly, and the incident it is."""

PLAIN = {
    (Action.VERIFIED, Outcome.FAILED): "audit_break",
    (Action.SINK, Outcome.FAILED): "audit_sink_down",
    (Action.REPLICA_DOWN, Outcome.FAILED): "replica_down",
    (Action.REPLICA_REFUSED, Outcome.FAILED): "replica_refuses",
}


@dataclass(slots=True)
class Suspicions:
    """Hears every record once, in order."""

    _seen: OrderedDict[str, deque[datetime]] = field(default_factory=OrderedDict)

    def of(self, record: Told) -> list[Alarm]:
        key = (record.action, record.outcome)
        if record.action == Action.DEVICE_ANOMALY:
            return self._ended(record) or _anomaly(record)
        if key in PLAIN:
            return [alarm(PLAIN[key], record.subject, record.detail.get("what", ""))]
        if key == (Action.LOGIN, Outcome.FAILED):
            return self._guessed(record)
        if key == (Action.DEVICE_ENROLLED, Outcome.DENIED):
            return self._tokens(record)
        if key == (Action.DENIED, Outcome.DENIED) and record.name:
            return self._pages(record)
        return []

    def _guessed(self, record: Told) -> list[Alarm]:
        kind, found = "login_guessing", []
        account = record.subject
        if account != "account:(unknown)" and self._many(f"login {account}", OF_ACCOUNT, record):
            found.append(alarm(kind, account, f"{OF_ACCOUNT.count} failed logins in a day"))
        address = f"address:{record.address}"
        if self._many(f"login {address}", OF_ADDRESS, record):
            found.append(alarm(kind, address, f"{OF_ADDRESS.count} failed logins in an hour"))
        if self._many("login", OF_ALL, record):
            found.append(alarm(kind, "everybody", f"{OF_ALL.count} failed logins in an hour"))
        return found

    def _tokens(self, record: Told) -> list[Alarm]:
        kind, found = "token_guessing", []
        address = f"address:{record.address}"
        if self._many(f"token {address}", TOKENS_OF_ADDRESS, record):
            words = f"{TOKENS_OF_ADDRESS.count} refused tokens in an hour"
            found.append(alarm(kind, address, words))
        if self._many("token", OF_ALL, record):
            found.append(alarm(kind, "everybody", f"{OF_ALL.count} refused tokens in an hour"))
        return found

    def _pages(self, record: Told) -> list[Alarm]:
        account = f"account:{record.name}"
        if not self._many(f"page {account}", PAGES_OF_ACCOUNT, record):
            return []
        return [alarm("exploring", account, f"{PAGES_OF_ACCOUNT.count} refused pages in an hour")]

    def _ended(self, record: Told) -> list[Alarm]:
        """One laptop that comes back late is none; one that goes on does not renew, or is a copy
        of an old disk. The edge writes it down once an hour."""
        kind, of = "certificate_ended", record.subject or record.name
        if record.detail.get("kind") != ENDED or not self._many(
            f"ended {of}", ENDED_OF_ONE, record
        ):
            return []
        return [
            alarm(kind, of, f"{ENDED_OF_ONE.count} hours of a day with a certificate that ended")
        ]

    def _many(self, key: str, threshold: Threshold, record: Told) -> bool:
        """Whether this one makes too many; then the count begins anew."""
        at = datetime.fromisoformat(record.at)
        times = self._seen.pop(key, None) or deque()
        self._seen[key] = times
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        times.extend([at] * _weight(record))
        while times[0] <= at - threshold.within:
            times.popleft()
        if len(times) < threshold.count:
            return False
        times.clear()
        return True


def _weight(record: Told) -> int:
    """A flood is written down in sums."""
    times = record.detail.get("times", "1")
    return min(int(times), OF_ALL.count) if times.isdigit() and int(times) else 1


def _anomaly(record: Told) -> list[Alarm]:
    kind = ANOMALIES.get(record.detail.get("kind", ""))
    if kind is None:
        return []
    what = record.detail.get("what", "") or record.detail["kind"]
    return [alarm(kind, record.subject, what)]
