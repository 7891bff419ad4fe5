"""What happens by the clock: verdicts that time has overtaken are judged again."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from collector.clock import Clock
from collector.ingest import rejudge
from collector.policy_in_force import PolicyReader
from collector.store import Store, devices

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


def _one_batch(connection: Connection, reader: PolicyReader, clock: Clock) -> Rejudged:
    now = clock()
    policy = reader.current(connection)
    due = devices.due(connection, policy.version, now, MOST_IN_ONE_TRANSACTION)
    changed = sum(rejudge(connection, policy, device_id, now) for device_id in due)
    return Rejudged(len(due), changed)
