"""What a run needs on this machine: said in one line when it cannot be had."""

import os
import shutil
import subprocess
import sys

TOOLS = {
    "linux.uml": "user-mode-linux",
    "debootstrap": "debootstrap",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.btrfs": "btrfs-progs",
    "ip": "iproute2",
    "depmod": "kmod",
}
RELEASE = "bookworm"


class CannotRun(Exception):
    """Why no laptop can be booted here, and what to do."""


def ensure() -> None:
    """Install what is missing. Raises CannotRun."""
    if sys.platform != "linux" or not shutil.which("apt-get"):
        raise CannotRun("the laptops need Debian or Ubuntu (user-mode-linux and debootstrap)")
    if os.geteuid() != 0:
        raise CannotRun("building and booting laptops needs root: run sudo make laptops")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise CannotRun("/dev/net/tun is missing: load the module tun, or allow it here")
    if missing := sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)}):
        print(f"Installing {', '.join(missing)} ...", flush=True)
        _apt("update")
        _apt("install", "-y", "--no-install-recommends", *missing)


def _apt(*words: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", "-q", *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CannotRun(f"apt-get {words[0]} did not succeed: {last}")
