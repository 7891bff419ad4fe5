"""The policy a check-in is judged by is the newest one stored, read again only when it changed."""

from sqlalchemy import Connection

from collector.policy import Policy, load
from collector.store import StoreError, policies


class PolicyInForce:
    """The command line may apply a policy at any time: the version is looked up in every batch."""

    def __init__(self) -> None:
        self._held: Policy | None = None

    def __call__(self, c: Connection) -> Policy:
        version = policies.current_version(c)
        held = self._held
        if held is not None and held.version == version:
            return held
        stored = policies.current(c)
        if stored is None:
            raise StoreError("no policy is stored: start the collector once with `serve`")
        self._held = load(stored.text, f"policy version {version}", version)
        return self._held
