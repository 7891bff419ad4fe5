"""One pack: told in one view of the store, sealed, and there as a whole or not at all.

As of a moment, so that the same pack can be made again later: the same bytes, for as long as
nothing of it was erased.
"""

import errno
import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from collector.audit.marks import erased_since, last_mark
from collector.export import FORMATS, archive, manifest, to_readme
from collector.export.bare_policy import without_comments
from collector.export.columns import Table
from collector.export.desk import NAME, Desk
from collector.export.heading import Heading, Totals
from collector.export.manifest import Previous
from collector.export.pseudonyms import Names
from collector.export.safe import moment
from collector.export.summary import to_html, to_pdf
from collector.export.summary.telling import Told, page
from collector.export.summary.trend import MOST_PACKS, Trend
from collector.export.telling import Telling
from collector.policy import Policy, default_text, load
from collector.store import Connection, packs, policies
from collector.store.exports import Phase
from collector.translation import reading

NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""What a FAT stick or a share says of a hard link (link(2))."""
DRAFT = ".pack-"
"""How the name of what is not finished begins."""

PSEUDONYMS = "pseudonyms"
SUMMARY = ("html", "pdf")
"""Forms of the page, beside the formats of the tables."""

Step = Callable[[Phase, int], None]
"""Told what is being done and how far it is; may raise Cancelled."""


class CannotExport(Exception):
    """The pack was not written; the message says why and what to do."""


class Cancelled(CannotExport):
    """Somebody stopped it; nothing is left behind."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted. `since` is the moment of `previous`."""

    as_of: datetime
    out: Path
    scope: str = "all"
    names: Names = field(default_factory=Names)
    since: datetime | None = None
    previous: Previous | None = None
    formats: Collection[str] = (*FORMATS, *SUMMARY)


@dataclass(frozen=True, slots=True)
class Packed:
    path: Path
    manifest_sha256: str
    totals: Totals


def variant(order: Order) -> str:
    """What tells packs of one moment apart."""
    return order.scope + ("+pseudonyms" if order.names.key is not None else "")


def follow(desk: Desk, order: Order) -> Order:
    """With the pack that the schedule sealed before it; the first of all follows none."""

    def before(connection: Connection) -> packs.SealedPack | None:
        known = packs.get(connection, variant(order), order.as_of)
        if known is None:
            return packs.last_before(connection, variant(order), order.as_of)
        if known.previous_as_of is None:
            return None
        return packs.get(connection, variant(order), known.previous_as_of)

    last = desk.store.read(before)
    if last is None:
        return order
    return replace(order, since=last.as_of, previous=Previous(last.name, last.manifest_sha256))


def file_name(order: Order) -> str:
    """Sorts by time and names the ISO week of the moment, in UTC.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
    >>> file_name(Order(at, Path(), "group:sales")), file_name(Order(at, Path(), "group:a.b"))[-26:]
    ('posture-2026-W47-20261122T235900Z-group-sales.zip', '00Z-group-a-b-4bdbf06f.zip')
    """
    year, week, _ = order.as_of.isocalendar()
    parts = [f"posture-{year}-W{week:02}-{order.as_of:%Y%m%dT%H%M%SZ}"]
    if order.scope != "all":
        words = "".join(c if c.isascii() and c.isalnum() else " " for c in order.scope.lower())
        slug = "-".join(words.split())[:60]
        parts.append(slug)
        if slug != order.scope.replace(":", "-", 1) or slug.endswith(PSEUDONYMS):
            # Two groups, or one under pseudonyms, never share a name.
            parts.append(hashlib.sha256(order.scope.encode()).hexdigest()[:8])
    if order.names.key is not None:
        parts.append(PSEUDONYMS)
    return "-".join(parts) + ".zip"


def pack(desk: Desk, order: Order, step: Step) -> Packed:
    """Write the pack below `order.out`. Raises CannotExport or StoreError; then nothing is left."""
    target = order.out / file_name(order)
    if target.exists():
        raise CannotExport(f"{target} is already there: move it away, or name another --out")
    try:
        _made(order.out)
        with _draft(order.out) as draft:
            packed = _fill(desk, order, draft, step)
            sealed = draft / "sealed"
            archive.pack(draft / "files", sealed, order.as_of, lambda: step(Phase.SEALING, 0))
            sealed.chmod(0o640)
            _put(sealed, target)
        archive.settle(order.out)
    except FileExistsError:
        raise CannotExport(f"{target} is already there: another export wrote it") from None
    except to_pdf.CannotSet as error:
        raise CannotExport(f"{error}: see that there is memory for it, and try again") from error
    except OSError as error:
        raise CannotExport(explained(order.out, error)) from error
    return Packed(target, packed[0], packed[1])


def _put(sealed: Path, target: Path) -> None:
    """Unlike a rename, a link never replaces what has come meanwhile; some disks have no links."""
    try:
        os.link(sealed, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        sealed.rename(target)


def _made(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error


def explained(out: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk that holds {out} is full: free space there, or name another --out"
    return f"{out} cannot be written to ({error.strerror}): name another folder with --out"


@contextmanager
def _draft(out: Path) -> Iterator[Path]:
    """A folder beside the target, gone afterwards; what a killed one left is swept at a start."""
    with tempfile.TemporaryDirectory(prefix=DRAFT, dir=out, ignore_cleanup_errors=True) as name:
        (Path(name) / "files").mkdir()
        yield Path(name)


def _fill(desk: Desk, order: Order, draft: Path, step: Step) -> tuple[str, Totals]:
    files = draft / "files"

    def tell(connection: Connection) -> tuple[Heading, Policy, Totals, list[packs.SealedPack]]:
        text, policy = policy_then(connection, order.as_of)
        heading = _heading(desk, order, policy)
        shown = text if order.names.key is None else without_comments(text)
        (files / "policy.toml").write_bytes(shown.encode())
        with (files / "README.txt").open("w", encoding="utf-8") as out:
            to_readme.write(heading, policy, out)
        totals = _tell(connection, order, heading, policy, files, step)
        before = packs.earlier(connection, variant(order), order.as_of, MOST_PACKS - 1)
        return heading, policy, totals, before

    heading, policy, totals, before = desk.store.read(tell)
    mark = last_mark(desk.audit, order.as_of)
    origin = desk.signer.verifier.origin
    trend = Trend.of(before, totals)
    told = Told(heading, policy, totals, trend, mark, order.previous, origin)
    _summarise(told, order, files, step)
    written = manifest.build(files, heading, totals, order.previous, mark, origin)
    (files / manifest.FILE).write_bytes(written)
    (files / manifest.SIGNATURE).write_bytes(manifest.sign(desk.signer, written))
    return manifest.sha256_of(files / manifest.FILE), totals


def _summarise(told: Told, order: Order, files: Path, step: Step) -> None:
    with reading(told.policy.language):
        shown = page(told)
    if "html" in order.formats:
        (files / to_html.FILE).write_bytes(to_html.set_page(shown))
    if "pdf" in order.formats:
        out = files / to_pdf.FILE
        to_pdf.set_page(shown, out, order.as_of, lambda: step(Phase.SUMMARY, 0))


def _tell(
    connection: Connection,
    order: Order,
    heading: Heading,
    policy: Policy,
    files: Path,
    step: Step,
) -> Totals:
    with ExitStack() as stack:
        writers = [
            stack.enter_context(closing(FORMATS[name](files, heading)))
            for name in order.formats
            if name in FORMATS
        ]

        def take(table: Table, values: Sequence[Any]) -> None:
            told = [moment(value) if value.__class__ is datetime else value for value in values]
            for writer in writers:
                writer.write(table, values, told)

        telling = Telling(heading, policy, order.names, take)
        telling.walk(connection, lambda told: step(Phase.DEVICES, told))
        for writer in writers:
            step(Phase.FILES, 0)
            writer.finish(telling.totals)
    return telling.totals


def _heading(desk: Desk, order: Order, policy: Policy) -> Heading:
    erased = erased_since(desk.audit, order.as_of)
    return Heading(
        as_of=order.as_of,
        collector=NAME,
        environment=desk.environment,
        policy_version=policy.version,
        scope=order.scope,
        pseudonyms=order.names.key is not None,
        since=order.since,
        erased_devices=erased["devices"],
        erased_people=erased["people"],
    )


def policy_then(connection: Connection, at: datetime) -> tuple[str, Policy]:
    """The policy in force at the moment, as it was applied and as it is read."""
    stored = policies.in_force_at(connection, at)
    if stored is None:
        return default_text(), load(default_text(), "the default policy", 0)
    return stored.text, load(stored.text, f"policy version {stored.version}", stored.version)
