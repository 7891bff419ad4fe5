"""All files of an export appear together in one new folder, or nothing does."""

import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from collector.accounts.roles import Role
from collector.export import FORMATS, to_readme
from collector.export.rows import Heading, rows
from collector.policy import Policy, default_text
from collector.store import Connection, Store, policies


class CannotExport(Exception):
    """The export was not written; the message says why and what to do."""


def folder_name(as_of: datetime) -> str:
    """Sorts by time and names the ISO week.

    >>> from datetime import UTC
    >>> folder_name(datetime(2026, 11, 22, 23, 59, tzinfo=UTC))
    'posture-2026-W47-20261122T235900Z'
    """
    year, week, _ = as_of.isocalendar()
    return f"posture-{year}-W{week:02}-{as_of:%Y%m%dT%H%M%SZ}"


def write(
    store: Store,
    policy: Policy,
    now: datetime,
    out: Path,
    formats: Collection[str] = tuple(FORMATS),
    role: Role | None = None,
) -> Path:
    """Write one export below `out` and return its folder; beside the rows, what they mean and
    the policy. `role` as in `rows`.

    Files are written beside it and moved in one step after they are on disk, so a reader never
    meets half an export. Raises CannotExport or StoreError; then nothing is left behind.
    """
    target, missing = out / folder_name(now), []
    try:
        if target.exists():
            raise CannotExport(f"{target} is already there: wait a second, or name another --out")
        missing = [folder for folder in (out, *out.parents) if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
        with _draft(out) as draft:
            _fill(draft, store, policy, now, (formats, role))
            draft.rename(target)
        _settle(out)
    except OSError as error:
        raise CannotExport(_explained(out, error)) from error
    finally:
        _take_away(missing)
    return target


def _explained(out: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk that holds {out} is full: free space there, or name another --out"
    return f"{out} cannot be written to ({error.strerror}): name another folder with --out"


@contextmanager
def _draft(out: Path) -> Iterator[Path]:
    """A folder beside the target; gone afterwards unless it was moved there."""
    draft = Path(tempfile.mkdtemp(prefix=".posture-", dir=out))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _take_away(folders: Iterable[Path]) -> None:
    """Folders made for an export that did not come about, the innermost first; one that holds
    something stays.
    """
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _fill(
    draft: Path,
    store: Store,
    policy: Policy,
    now: datetime,
    asked: tuple[Collection[str], Role | None],
) -> None:
    """Write every file from one view of the store, so that they agree."""
    heading = Heading(now, "muster-collector", policy.version)
    formats, role = asked

    def every_file(connection: Connection) -> None:
        for name in formats:
            with _lasting(draft / f"posture.{name}") as file:
                FORMATS[name](heading, rows(connection, policy, now, role), file)
        with _lasting(draft / "README.txt") as file:
            to_readme.write(heading, policy, file)
        with _lasting(draft / "policy.toml") as file:
            file.write(policies.text_of(connection, policy.version) or default_text())

    store.read(every_file)
    draft.chmod(0o750)
    _settle(draft)


@contextmanager
def _lasting(path: Path) -> Iterator[IO[str]]:
    """A new file that is on disk when the block ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """Names are on disk once their folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
