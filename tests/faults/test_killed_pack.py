"""A collector is killed while it makes the weekly pack: no half pack is seen, one pack is made."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from sqlalchemy import update

from collector.audit.signing import open_verifier
from collector.export.packing import DRAFT
from collector.export.verifying import check
from collector.store import Connection, Store, exports, packs
from collector.store.exports import Phase, Run
from collector.store.schema import device, policy
from tests.fleet import CollectorProcess, enroll

MOMENTS = ("policy.toml", "findings.csv", "posture.xlsx", "summary.pdf", "manifest.json", "sealed")
"""Files that come one after the other: whichever is there, the pack is half made."""


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("all_of_it", [True, False], ids=["everything", "the collector alone"])
def test_a_kill_leaves_no_half_pack_and_the_pack_is_made_once(
    tmp_path: Path, moment: str, all_of_it: bool
) -> None:
    folder = tmp_path / "data"
    enroll(folder, 3)
    long_ago(folder)
    packs_folder = folder / "packs"
    collector = CollectorProcess(folder, tmp_path / "collector.log")
    collector.start()
    wait_for(lambda: is_there(packs_folder, moment))
    kill(collector, all_of_it)
    assert broken(folder) == []
    collector.start()
    wait_for(lambda: runs(folder) != [] and runs(folder)[0].phase is Phase.DONE)
    wait_for(lambda: not list(packs_folder.glob(f"{DRAFT}*")))
    assert collector.stop() == 0
    (run,) = runs(folder)
    assert seen(packs_folder) == [packs_folder / run.name]
    assert broken(folder) == []
    assert [each.as_of for each in asked(folder, packs.newest)] == [run.as_of]


def long_ago(folder: Path) -> None:
    """The fleet was there before the last moment of the schedule, so that it is made up."""
    at = datetime.now(UTC) - timedelta(days=9)

    def change(c: Connection) -> None:
        c.execute(update(policy).values(applied_at=at))
        c.execute(update(device).values(enrolled_at=at))

    store = Store.open(folder)
    store.write(change)
    store.close()


def kill(collector: CollectorProcess, all_of_it: bool) -> None:
    assert collector.process is not None
    children = psutil.Process(collector.process.pid).children(recursive=True)
    collector.kill()
    for child in children if all_of_it else ():
        with suppress(psutil.NoSuchProcess):
            child.kill()


def is_there(folder: Path, name: str) -> bool:
    with suppress(FileNotFoundError):
        return any(folder.rglob(name))
    return False


def seen(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(DRAFT)]


def broken(folder: Path) -> list[Path]:
    """What is seen and is no whole pack."""
    verifier = open_verifier(folder / "audit.pub")
    return [path for path in seen(folder / "packs") if check(path, verifier).problems]


def runs(folder: Path) -> list[Run]:
    return list(asked(folder, exports.newest))


def asked(folder: Path, query: Callable[[Connection], list]) -> list:  # type: ignore[type-arg]
    store = Store.open(folder, create=False)
    try:
        return store.read(query)
    finally:
        store.close()


def wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.002)
