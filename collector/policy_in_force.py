"""The policy in force is the newest one stored; its text is read again only when it changed.

The command line may apply a policy at any time, so the version is looked up in every transaction.
"""

from sqlalchemy import Connection

from collector.policy import Policy, default_text, load
from collector.store import policies


class PolicyReader:
    """Remembers the policy it read last; any thread may ask."""

    def __init__(self) -> None:
        self._last: Policy | None = None

    def current(self, c: Connection) -> Policy:
        return self.newest(c, policies.current_version(c))

    def newest(self, c: Connection, version: int) -> Policy:
        """As `current`, for who has just read in this transaction that `version` is in force."""
        last = self._last
        if last is None or last.version != version:
            last = self._last = _read(c)
        return last


def policy_in_force(c: Connection) -> Policy:
    """For one question; whoever asks again keeps a `PolicyReader`."""
    return _read(c)


def _read(c: Connection) -> Policy:
    stored = policies.current(c)
    if stored is None:
        return load(default_text(), "the default policy", 0)
    return load(stored.text, f"policy version {stored.version}", stored.version)
