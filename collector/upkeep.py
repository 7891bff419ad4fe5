"""What happens by the clock: verdicts that time has overtaken are judged again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from collector.clock import Clock
from collector.ingest import rejudge_all
from collector.policy import Alike, load
from collector.policy_in_force import PolicyReader
from collector.store import Store, devices, policies
from collector.store.columns import whole

MOST_IN_ONE_TRANSACTION = 200


@dataclass(frozen=True, slots=True)
class Rejudged:
    """How many devices were judged again, and for how many the answer is another one now."""

    judged: int = 0
    changed: int = 0


def _unheard(done: Rejudged) -> None:
    """Nobody asked to be told how far it is."""


def rejudge_due(
    store: Store, clock: Clock, progress: Callable[[Rejudged], None] = _unheard
) -> Rejudged:
    """Judge every device again whose verdicts have run out or rest on another policy.

    Short transactions: check-ins go on between them. Blocks; call it from a thread.
    `progress` is told what was done so far, after each of them.
    """
    reader = PolicyReader()
    judged = changed = 0
    while True:
        batch = store.write(lambda connection: _one_batch(connection, reader, clock))
        judged, changed = judged + batch.judged, changed + batch.changed
        progress(Rejudged(judged, changed))
        if batch.judged < MOST_IN_ONE_TRANSACTION:
            return Rejudged(judged, changed)


def rejudge_as_of(store: Store, moment: datetime) -> int:
    """Judge those whose verdicts had run out by a moment that has passed, as of that moment.

    By the policy in force then, and only devices of which nothing was judged since: for them the
    moment is still their present. How many there were.
    """
    judged = 0
    while True:
        done = store.write(lambda c: _overtaken_batch(c, moment))
        judged += done
        if done < MOST_IN_ONE_TRANSACTION:
            return judged


def _overtaken_batch(connection: Connection, moment: datetime) -> int:
    stored = policies.in_force_at(connection, moment)
    if stored is None:
        return 0
    policy = load(stored.text, f"policy version {stored.version}", stored.version)
    overtaken = devices.overtaken(connection, moment, MOST_IN_ONE_TRANSACTION)
    rejudge_all(connection, policy, overtaken, moment, Alike(policy, whole(moment)))
    return len(overtaken)


def _one_batch(connection: Connection, reader: PolicyReader, clock: Clock) -> Rejudged:
    now = whole(clock())
    policy = reader.current(connection)
    alike = Alike(policy, now)
    due = devices.due(connection, policy.version, now, MOST_IN_ONE_TRANSACTION)
    changed = rejudge_all(connection, policy, due, now, alike)
    return Rejudged(len(due), changed)
