"""A laptop's disks as image files, built once and kept; every boot writes to a copy of its own."""

import hashlib
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.laptops.case import Case
from tests.laptops.layouts import LAYOUTS, Layout
from tests.laptops.trees import LOCKED, Trees, made_of
from tests.laptops.uml import Boot, LaptopTrouble, run_to_end

BUILD_SECONDS = 300.0
SPARE_MB = 160
OLDEST_SECONDS = 5 * 86_400
"""After that a laptop's package lists would soon be too old for the default policy."""
MB = 1 << 20


@dataclass(frozen=True)
class Images:
    """Below `folder`. What a case is made of is in its image's name: changed, it is made anew."""

    folder: Path
    trees: Trees
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def disks(self, case: Case) -> list[Path]:
        layout = LAYOUTS[case.layout]
        start = f"{case.name}-{_made_of(case)}"
        disks = [self.folder / f"{start}-{n}.img" for n in range(layout.disks)]
        if not all(disk.exists() and not _is_old(disk) for disk in disks):
            print(f"  building the disks of {case.name} ...", flush=True)
            for old in self.folder.glob(f"{case.name}-????????????-?.img"):
                old.unlink()
            with self.one_at_a_time:
                self._build(case, layout, disks)
        return disks

    def _build(self, case: Case, layout: Layout, disks: list[Path]) -> None:
        setup = f"{case.setup}\ncat > /etc/fstab <<'FSTAB'\n{layout.fstab}FSTAB\n"
        tree = self.trees.derive(
            case.name, (*layout.packages, *case.packages), setup, updated=case.updated
        )
        shutil.copytree(self.trees.agent_libraries, tree / "opt/muster-agent", symlinks=True)
        system = self.folder / f"{case.name}.system"
        _write_filesystem(tree, system, layout.filesystem)
        shutil.rmtree(tree)
        if layout.staged:
            self._lay_out(case, layout, system, disks)
            system.unlink()
        else:
            system.rename(disks[0])

    def _lay_out(self, case: Case, layout: Layout, system: Path, disks: list[Path]) -> None:
        half = [disk.with_suffix(".half") for disk in disks]
        size = system.stat().st_size + layout.extra_mb * MB
        for disk in half:
            disk.unlink(missing_ok=True)
            with disk.open("wb") as file:
                file.truncate(size)
        attached = [f"ubd{'abcd'[n]}={path}" for n, path in enumerate([*half, system])]
        root = stage_root(self.trees, f"{case.layout}.build")
        log = self.folder / f"{case.name}.build.log"
        said = run_to_end(Boot(attached, root, log), BUILD_SECONDS)
        if "LAYOUT-BUILT" not in said:
            raise LaptopTrouble(f"the disks of {case.name} were not built, see {log}")
        for disk, whole in zip(half, disks, strict=True):
            disk.rename(whole)


def stage_root(trees: Trees, script: str) -> list[str]:
    return [
        "root=/dev/root",
        "rootfstype=hostfs",
        f"rootflags={trees.stage}",
        f"init=/laptops/{script}",
    ]


def _is_old(disk: Path) -> bool:
    return time.time() - disk.stat().st_mtime > OLDEST_SECONDS


def _made_of(case: Case) -> str:
    layout = LAYOUTS[case.layout]
    parts = (case.packages, case.setup, case.updated, layout, made_of(), LOCKED.read_text())
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _write_filesystem(tree: Path, image: Path, filesystem: str) -> None:
    image.unlink(missing_ok=True)
    used = subprocess.run(
        ["du", "-sm", str(tree)], capture_output=True, text=True, check=True
    ).stdout.split()[0]
    size = int(int(used) * 1.15) + SPARE_MB
    with image.open("wb") as file:
        file.truncate(size * MB)
    if filesystem == "btrfs":
        command = ["mkfs.btrfs", "-q", "--rootdir", str(tree), str(image)]
    else:
        command = ["mkfs.ext4", "-q", "-F", "-d", str(tree), str(image)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LaptopTrouble(f"{command[0]} did not succeed: {done.stderr.strip()}")
