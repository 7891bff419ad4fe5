"""How long the audit log takes to be verified, and how long a record takes to be written down."""

import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.audit.entry import Action, Actor, ActorKind, Entry
from collector.audit.journal import Journal
from collector.audit.signing import Signer
from collector.audit.verifying import verify
from collector.clock import system_clock
from tests.fakes import FixedClock

RECORDS = 1_000_000
AT_ONCE = 1_000
DAYS = 274
ALONE = 500
VISIT = Entry(
    Action.VIEWED,
    Actor(ActorKind.ACCOUNT, "alice", "192.0.2.7"),
    subject="page:/devices/0b6c2f6e-2c6f-4b7e-8f59-7b1d1c9a4f10",
)


def measure_audit() -> None:
    signer = Signer(Ed25519PrivateKey.generate())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "audit"
        clock = FixedClock()
        journal = Journal(folder, signer, clock)
        for _ in range(RECORDS // AT_ONCE):
            journal.append(*[VISIT] * AT_ONCE)
            clock.advance(seconds=DAYS * 86_400 * AT_ONCE // RECORDS)
        journal.checkpoint(now_if_any=True)
        size = sum(file.stat().st_size for file in folder.glob("*.log"))
        began, used = time.perf_counter(), time.process_time()
        result = verify(folder, signer.verifier)
        took, used = time.perf_counter() - began, time.process_time() - used
        assert not result.problems, result.problems[0]
        print(f"\naudit log of {result.records:,} records ({size / 1e6:.0f} MB, {DAYS} days)")
        print(f"verified in {took:.1f} s ({result.records / took:,.0f} records/s; at most 10 s)")
        print(f"of a processor: {used:.1f} s, which other work beside it does not change")
        print(f"one record written down, durable: {alone(folder.with_name('alone')):.2f} ms")


def alone(folder: Path) -> float:
    """Milliseconds of one append with its sync."""
    journal = Journal(folder, Signer(Ed25519PrivateKey.generate()), system_clock)
    began = time.perf_counter()
    for _ in range(ALONE):
        journal.append(VISIT)
    return (time.perf_counter() - began) / ALONE * 1e3
