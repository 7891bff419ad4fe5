"""One run of the store becomes files in <data>/packs: there and listed, or neither.

The files are made in a folder of their own and moved when they are whole; then one transaction
lists them. What a killed one has moved without listing, the next one replaces: the run is still to
be made, and the same moment gives the same name.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from collector.clock import Clock
from collector.export import archive, manifest
from collector.export.desk import Desk
from collector.export.encrypting import ENDING, encrypt
from collector.export.packing import (
    DRAFT,
    Cancelled,
    CannotExport,
    Order,
    Packed,
    Step,
    explained,
    follow,
    pack,
)
from collector.export_settings import PSEUDONYMS, ExportSettings
from collector.identity.key_files import KeyFileError
from collector.store import Connection, StoreError, deliveries, exports, packs
from collector.store.exports import Phase, Run

FOLDER = "packs"
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)


def folder_of(data: Path) -> Path:
    """Where the packs lie; only the collector's own account looks into it."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def files_of(data: Path, run: Run) -> list[Path]:
    """Of the run what is there: the readable pack first. No name comes from elsewhere."""
    if not run.is_there:
        return []
    plain = data / FOLDER / run.name
    return [path for path in (plain, plain.with_name(plain.name + ENDING)) if path.is_file()]


@dataclass(frozen=True, slots=True)
class Making:
    desk: Desk
    settings: ExportSettings
    clock: Clock

    def make(self, number: int, step: Step) -> None:
        """To its end, whatever that is: it stands in the run. `step` may raise Cancelled."""
        run = self.desk.store.read(lambda c: exports.get(c, number))
        if run is None or run.is_over:
            return
        try:
            self._made(run, step)
        except Cancelled:
            self.desk.store.write(lambda c: exports.stopped(c, number, self.clock()))
        except (CannotExport, KeyFileError, StoreError) as error:
            trouble = str(error).replace(", or name another --out", "")
            self.fail(run, trouble)

    def fail(self, run: Run, trouble: str) -> None:
        now = self.clock()
        next_at = None if run.asked_by else now + wait_after(run.attempts)
        self.desk.store.write(lambda c: exports.failed(c, run.number, trouble, now, next_at))

    def _made(self, run: Run, step: Step) -> None:
        folder = folder_of(self.desk.folder)
        with _draft(folder) as draft:
            packed = pack(self.desk, self._order(run, draft), step)
            files = self._kept(packed, step)
            size = sum(path.stat().st_size for path in files)
            step(Phase.SEALING, 0)
            for path in files:
                path.replace(folder / path.name)
        archive.settle(folder)
        self._list(run, packed, size)

    def _order(self, run: Run, out: Path) -> Order:
        scope = run.variant.removesuffix(PSEUDONYMS)
        names = self.desk.names(pseudonyms=scope != run.variant)
        return follow(self.desk, Order(run.as_of, out, scope, names))

    def _kept(self, packed: Packed, step: Step) -> list[Path]:
        if not self.settings.recipients:
            return [packed.path]
        step(Phase.ENCRYPTING, 0)
        try:
            sealed = encrypt(packed.path, self.settings.recipients)
        except OSError as error:
            raise CannotExport(explained(packed.path.parent, error)) from error
        return [packed.path, sealed] if self.settings.keep_plain else [sealed]

    def _list(self, run: Run, packed: Packed, size: int) -> None:
        now, name, digest = self.clock(), packed.path.name, packed.manifest_sha256
        targets = [each.name for each in self.settings.to(run.variant)]

        def change(c: Connection) -> None:
            exports.done(c, run.number, name, size, digest, now)
            if run.asked_by:
                return
            if packs.get(c, run.variant, run.as_of) is None:
                packs.add(c, _sealed(c, run, packed, now))
            deliveries.put(c, run.number, targets, now)

        self.desk.store.write(change)


def _sealed(c: Connection, run: Run, packed: Packed, now: datetime) -> packs.SealedPack:
    before = packs.last_before(c, run.variant, run.as_of)
    return packs.SealedPack(
        run.variant,
        run.as_of,
        packed.path.name,
        packed.manifest_sha256,
        before.as_of if before else None,
        json.dumps(manifest.sums(packed.totals)),
        now,
    )


def wait_after(attempts: int) -> timedelta:
    """
    >>> wait_after(0), wait_after(40)
    (datetime.timedelta(seconds=60), datetime.timedelta(seconds=3600))
    """
    wait: timedelta = min(FIRST_WAIT * 2 ** min(attempts, 20), LONGEST_WAIT)
    return wait


def sweep(data: Path) -> None:
    """At a start: take away what was being made when the collector ended."""
    archive.sweep(folder_of(data), DRAFT)


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    name = Path(tempfile.mkdtemp(prefix=DRAFT, dir=folder))
    try:
        yield name
    finally:
        shutil.rmtree(name, ignore_errors=True)
