"""A log, a replica of it in a folder, and who feeds it."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from collector.audit.journal import Journal
from collector.audit.replicas.directory import Directory
from collector.audit.replicas.feeding import Feeder, Named
from collector.audit.replicas.shelf import Shelf
from collector.audit.replicas.witness import Held, Witness
from tests.collector.audit.log import SIGNER, journal
from tests.fakes import FixedClock

PUBLIC_KEY = SIGNER.verifier.key.public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


@dataclass
class Kept:
    """`log` is written with `clock`; `copy` is the replica's folder."""

    folder: Path
    clock: FixedClock
    log: Journal
    name: str = "vault"

    @property
    def audit(self) -> Path:
        return self.log.folder

    @property
    def copy(self) -> Path:
        return self.folder / self.name

    def witness(self, shelf: Shelf | None = None) -> Witness:
        return Witness(shelf or Directory(self.copy), SIGNER.verifier, PUBLIC_KEY)

    def feeder(self, shelf: Shelf | None = None, name: str = "") -> Feeder:
        replica = Named(name or self.name, "directory", self.witness(shelf))
        return Feeder(replica, self.audit, self.folder / "notes", self.clock)

    def held(self) -> Held:
        return self.witness().held()

    def same(self) -> bool:
        """Whether the replica holds every byte that the log has."""
        ours = {path.name: path.read_bytes() for path in self.audit.glob("*.log")}
        theirs = {path.name: path.read_bytes() for path in self.copy.glob("*.log")}
        return ours == theirs


def kept(folder: Path) -> Kept:
    clock = FixedClock()
    (folder / "vault").mkdir()
    return Kept(folder, clock, journal(folder / "audit", clock))
