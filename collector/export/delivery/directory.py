"""Into a folder that is there: best another machine's or another disk's."""

import os
import shutil
from datetime import datetime

from collector.export import archive
from collector.export.delivery.parcel import Parcel
from collector.export_settings import DirectoryTarget
from collector.notify.taking import Unreachable


class Directory:
    """An empty place where a mount should be is no folder to deliver to: it is not made."""

    def __init__(self, settings: DirectoryTarget) -> None:
        self._folder = settings.path

    def take(self, parcel: Parcel, now: datetime) -> None:
        part = self._folder / f".{parcel.name}.part"
        try:
            if not self._folder.is_dir():
                raise Unreachable(f"{self._folder} is no folder: make or mount it")
            try:
                part.unlink(missing_ok=True)  # and never through a link that lies there
                with parcel.path.open("rb") as source, part.open("xb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
                    target.flush()
                    os.fsync(target.fileno())
                part.replace(self._folder / parcel.name)
                archive.settle(self._folder)
            except OSError:
                part.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise Unreachable(f"{self._folder}: {error.strerror or error}") from error
