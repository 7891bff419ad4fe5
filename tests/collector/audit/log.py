"""A log in a folder, with a clock that stands still, for the tests of its parts."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.audit.entry import Action, Actor, ActorKind, Entry
from collector.audit.journal import Journal
from collector.audit.signing import Signer
from collector.audit.verifying import Result, verify
from tests.fakes import FixedClock

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
ALICE = Actor(ActorKind.ACCOUNT, "alice", "192.0.2.7")


def journal(folder: Path, clock: FixedClock) -> Journal:
    return Journal(folder, SIGNER, clock)


def login(name: str = "alice") -> Entry:
    return Entry(Action.LOGIN, Actor(ActorKind.ACCOUNT, name, "192.0.2.7"))


def written_over_days(folder: Path, clock: FixedClock, days: int = 3, each: int = 5) -> Journal:
    """A log of so many days with so many logins each, signed at the end."""
    log = journal(folder, clock)
    for _ in range(days):
        for _ in range(each):
            log.append(login())
            clock.advance(minutes=1)
        clock.advance(days=1)
    log.checkpoint(now_if_any=True)
    return log


def verified(folder: Path) -> Result:
    return verify(folder, SIGNER.verifier)
