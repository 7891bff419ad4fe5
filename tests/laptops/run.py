"""`make laptops`: boots every laptop, or those that are named, and prints the table of verdicts.

Exit status 0: everything was found as expected. 1: something was not. 2: it could not be run.
130: it was interrupted; laptops that run are let come to their end, which takes a minute or two.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.laptops import prerequisites
from tests.laptops.case import Case, Row
from tests.laptops.cases import CASES
from tests.laptops.collector_side import collector
from tests.laptops.images import Images
from tests.laptops.network import network
from tests.laptops.running import Site, copy_agent, run
from tests.laptops.trees import REPOSITORY, Trees
from tests.laptops.uml import LaptopTrouble

AT_ONCE = 2


def main(names: Sequence[str]) -> int:
    chosen = [case for case in CASES if not names or case.name in names]
    if unknown := set(names) - {case.name for case in CASES}:
        known = ", ".join(case.name for case in CASES)
        print(f"laptops: no laptop {min(unknown)!r}; there are {known}", file=sys.stderr)
        return 2
    begun = time.monotonic()
    try:
        prerequisites.ensure()
        rows = _run_all(chosen)
    except (prerequisites.CannotRun, LaptopTrouble, OSError) as error:
        print(f"laptops: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("laptops: interrupted, nothing was judged to its end", file=sys.stderr)
        return 130
    print(*table(rows), sep="\n")
    print(f"{len(chosen)} laptops, {(time.monotonic() - begun) / 60:.0f} minutes")
    return 0 if all(row.ok for row in rows) else 1


def _run_all(chosen: Sequence[Case]) -> list[Row]:
    cache = Path(os.environ.get("MUSTER_LAPTOPS_CACHE", REPOSITORY / ".muster/laptops")).absolute()
    cache.mkdir(parents=True, exist_ok=True)
    trees = Trees(cache)
    images = Images(cache, trees)
    trees.prepare()
    scratch = Path(tempfile.mkdtemp(prefix="run-", dir=cache))
    print(f"  booting {len(chosen)}, {AT_ONCE} at a time; logs in {scratch}", flush=True)
    with network() as net, collector(net, scratch) as judge:
        site = Site(net, judge, images, scratch, copy_agent(scratch / "agent-code"))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            work = [pool.submit(_one, case, site, n) for n, case in enumerate(chosen)]
            try:
                rows = [row for each in work for row in each.result()]
            except KeyboardInterrupt:
                print("  ending the laptops that run ...", file=sys.stderr, flush=True)
                pool.shutdown(cancel_futures=True)
                raise
    _clear_away(scratch, keep_logs=not all(row.ok for row in rows))
    return rows


def _clear_away(scratch: Path, *, keep_logs: bool) -> None:
    """The disks that were written to; what was said is kept only where something went wrong."""
    for written in scratch.glob("*.cow"):
        written.unlink()
    if not keep_logs:
        shutil.rmtree(scratch)


def _one(case: Case, site: Site, number: int) -> list[Row]:
    begun = time.monotonic()
    try:
        rows = run(case, site, number)
    except (LaptopTrouble, OSError, subprocess.SubprocessError) as error:
        rows = [Row(case.name, "runs to its end", "yes", "no", False, str(error))]
    wrong = sum(not row.ok for row in rows)
    said = f"{wrong} not as expected" if wrong else "as expected"
    print(f"  {case.name}: {said}, {time.monotonic() - begun:.0f} s", flush=True)
    return rows


def table(rows: Sequence[Row]) -> list[str]:
    """Case, what was asked, what was expected and found; the reason below what is wrong."""
    lines = ["", f"{'LAPTOP':22}{'ASKED':30}{'EXPECTED':16}{'FOUND':16}OK"]
    for row in rows:
        ok = "ok" if row.ok else "WRONG"
        lines.append(f"{row.case:22}{row.asked:30}{row.expected:16}{row.found:16}{ok}")
        if not row.ok:
            lines.append(f"    {row.because}")
    wrong = sum(not row.ok for row in rows)
    return [*lines, "", f"{len(rows)} verdicts, {wrong} not as expected"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
