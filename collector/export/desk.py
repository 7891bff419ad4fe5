"""Who tells: the collector of a data folder, with the key that its audit log is signed with."""

from dataclasses import dataclass
from pathlib import Path

from collector.audit.alone import leading
from collector.audit.journal import FOLDER
from collector.audit.signing import Signer, open_signer
from collector.environment import kept
from collector.export.pseudonyms import Names, open_pseudonyms
from collector.store import Store

NAME = "muster-collector"


@dataclass(frozen=True, slots=True)
class Desk:
    """`audit`: the folder of the log; `environment`: production, or a test."""

    store: Store
    folder: Path
    signer: Signer
    environment: str

    @classmethod
    def of(cls, store: Store, folder: Path) -> "Desk":
        """Raises KeyFileError."""
        return cls(store, folder, open_signer(folder), kept(folder))

    @property
    def audit(self) -> Path:
        return leading(self.folder / FOLDER)

    def names(self, *, pseudonyms: bool) -> Names:
        return open_pseudonyms(self.folder) if pseudonyms else Names()
