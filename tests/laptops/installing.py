"""The built package on a laptop, as a person would put it there: installed, then enrolled."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.laptops.case import Row
from tests.laptops.trees import REPOSITORY
from tests.laptops.uml import LaptopTrouble

if TYPE_CHECKING:
    from tests.laptops.running import Laptop

MOST_SECONDS = 180
NEWER = "9.9.9"
BUILDER = REPOSITORY / ".bundle/venv/bin/python"
OF_THE_SOURCE = (
    "rm -rf /opt/muster-agent /usr/bin/muster-agent /etc/systemd/system/muster-agent.service"
)
"""What other laptops run instead of the package."""


def install(laptop: "Laptop") -> list[Row]:
    """From the package and the string to the first verdicts, timed. Nothing else is done."""
    folder = _packages(laptop.site.scratch / f"{laptop.case.name}-packages")
    laptop.machine.must(f"{OF_THE_SOURCE}\nsystemctl daemon-reload")
    laptop.prepare()
    laptop.machine.must(
        f"mount -t hostfs none /mnt -o {folder} && cp /mnt/*.deb /srv/ && umount /mnt"
    )
    begun = time.monotonic()
    laptop.machine.must("apt-get install -y -q /srv/older.deb 2>&1")
    laptop.enroll()
    enrolled = time.monotonic()
    laptop.wait_for_findings()
    took = time.monotonic() - begun
    said = f"{took:.0f} s, {time.monotonic() - enrolled:.0f} s of them after enrolling"
    print(f"  {laptop.case.name}: installed, enrolled and first verdicts in {said}", flush=True)
    ok = took <= MOST_SECONDS
    return [Row(laptop.case.name, "first report", f"{MOST_SECONDS} s", f"{took:.0f} s", ok, said)]


def _packages(folder: Path) -> Path:
    """`older.deb` as it was built, and the same as a newer version."""
    built = sorted((REPOSITORY / "dist").glob("muster-agent_*.deb"))
    if not built or not BUILDER.exists():
        raise LaptopTrouble("there is no package of the agent in dist: make packages")
    folder.mkdir()
    shutil.copy(built[-1], folder / "older.deb")
    named = {"MUSTER_VERSION": NEWER, "MUSTER_DIST": str(folder)}
    command = [str(BUILDER), "build/packages/packages.py", "agent"]
    subprocess.run(
        command, cwd=REPOSITORY, env=os.environ | named, check=True, stdout=subprocess.DEVNULL
    )
    (newer,) = folder.glob(f"muster-agent_{NEWER}*.deb")
    newer.rename(folder / "newer.deb")
    return folder
