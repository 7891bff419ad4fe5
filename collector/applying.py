"""A policy comes into force once, over the version that its editor has seen, and under a name."""

from dataclasses import dataclass
from datetime import datetime

from collector.policy import Policy, default_text, load
from collector.policy.differences import Difference, differences
from collector.store import Connection, events, policies
from collector.store.policies import StoredPolicy

NO_VERSION = -1
"""In place of an expected version: whatever is in force."""


class Overtaken(Exception):
    """Somebody has applied another version meanwhile; str() says who and when."""

    def __init__(self, expected: int, current: StoredPolicy | None) -> None:
        self.version = current.version if current else 0
        by = f" by {current.applied_by}" if current else ""
        super().__init__(
            f"version {self.version} is in force, applied{by}, and not version {expected}: look "
            "at what has changed, and apply on top of it"
        )


class SaysTheSame(Exception):
    """What is in force says exactly this."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"version {version} in force says exactly this")


@dataclass(frozen=True, slots=True)
class Step:
    """One version, and what it asks differently from the one before."""

    stored: StoredPolicy
    changes: tuple[Difference, ...]


def check(c: Connection, text: str, expected: int) -> None:
    """Raises Overtaken or SaysTheSame."""
    current = policies.current(c)
    version = current.version if current else 0
    if expected not in (NO_VERSION, version):
        raise Overtaken(expected, current)
    if current is not None and current.text == text:
        raise SaysTheSame(version)


def put_in_force(
    c: Connection, text: str, at: datetime, by: str, reason: str, expected: int = NO_VERSION
) -> StoredPolicy:
    """`text` has been read by `policy.load`. Raises Overtaken or SaysTheSame."""
    check(c, text, expected)
    stored = policies.add(c, text, at, by, reason)
    events.add(c, at, "policy applied", "", f"version {stored.version} by {by}")
    return stored


def steps(c: Connection, most: int) -> list[Step]:
    """The newest versions, newest first, each with its changes."""
    known = policies.newest(c, most + 1)
    texts = [_read(each) for each in known]
    if len(known) <= most:
        texts.append(load(default_text(), "the default policy"))
    return [
        Step(stored, tuple(differences(texts[place + 1], texts[place])))
        for place, stored in enumerate(known[:most])
    ]


def step(c: Connection, version: int) -> Step | None:
    """One version; None: there is none such."""
    stored = policies.get(c, version)
    if stored is None:
        return None
    before = policies.get(c, version - 1)
    older = _read(before) if before else load(default_text(), "the default policy")
    return Step(stored, tuple(differences(older, _read(stored))))


def last_changes(found: list[Step]) -> dict[str, tuple[StoredPolicy, Difference]]:
    """By key, the newest of these changes."""
    last: dict[str, tuple[StoredPolicy, Difference]] = {}
    for step in found:
        for change in step.changes:
            last.setdefault(change.key, (step.stored, change))
    return last


def _read(stored: StoredPolicy) -> Policy:
    return load(stored.text, f"policy version {stored.version}", stored.version)
