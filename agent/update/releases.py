"""The only importer of tuf: a file is handed out only when the operator's signatures cover it.

Refused: an old list put in place of a new one, lists that do not belong together, a list that has
run out, a file that differs by a byte, a file longer than was signed. The client is the reference
implementation (python-tuf); the keys are Ed25519. Loaded only when there is a release to take.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent.update.settings import Settings

if TYPE_CHECKING:
    from tuf.api.metadata import TargetFile
    from tuf.ngclient import Updater

LARGEST = 300 << 20
METADATA, TARGETS = "metadata", "targets"


class NotNow(Exception):
    """The releases cannot be had or have run out: nothing is installed, and later it may go."""


class NotSigned(Exception):
    """What came is not what the operator signed."""


@dataclass(frozen=True, slots=True)
class Releases:
    """What the operator published, as far as it is signed; `folder` is the agent's own alone.

    `proxy`: the one that enrollment was told; "" leaves it to the environment.
    """

    settings: Settings
    folder: Path
    proxy: str = ""

    def fetch(self, *names: str) -> list[Path]:
        """Those files, verified, in `folder`. Raises NotNow, NotSigned, OSError."""
        with _translated():
            updater = self._updater()
            infos = [_listed(updater, name) for name in names]
            return [
                Path(updater.find_cached_target(info) or updater.download_target(info))
                for info in infos
            ]

    @contextmanager
    def verified(self, name: str) -> Iterator[Path]:
        """The file, weighed anew against lists asked for anew, and held open meanwhile.

        It lies in a folder that is the system's alone, so that nobody changes it between this look
        and the installer's own. Raises NotNow, NotSigned, OSError.
        """
        path = self.folder / TARGETS / name
        with path.open("rb") as opened:
            with _translated():
                _listed(self._updater(), name).verify_length_and_hashes(opened)
            yield path

    def _updater(self) -> "Updater":
        from tuf.ngclient import Updater

        from agent.update.fetching import Fetcher

        for part in (METADATA, TARGETS):
            (self.folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        updater = Updater(
            metadata_dir=str(self.folder / METADATA),
            metadata_base_url=self.settings.metadata_url,
            target_dir=str(self.folder / TARGETS),
            target_base_url=self.settings.targets_url,
            fetcher=Fetcher(self.proxy),
            bootstrap=self.settings.root,
        )
        updater.refresh()
        return updater


def _listed(updater: "Updater", name: str) -> "TargetFile":
    info = updater.get_targetinfo(name)
    if info is None:
        raise NotNow(f"the signed releases hold no {name}")
    if info.length > LARGEST:
        raise NotSigned(f"{name} is said to have {info.length} bytes: that is no agent")
    return info


@contextmanager
def _translated() -> Iterator[None]:
    from tuf.api import exceptions as tuf

    try:
        yield
    except tuf.ExpiredMetadataError as error:
        raise NotNow(f"the signed list of releases has run out ({error})") from error
    except tuf.DownloadLengthMismatchError as error:
        raise NotSigned(f"more came than was signed ({error})") from error
    except tuf.DownloadError as error:
        raise NotNow(f"the releases cannot be fetched ({error})") from error
    except (tuf.RepositoryError, ValueError) as error:
        raise NotSigned(f"what came is not what was signed ({error})") from error
