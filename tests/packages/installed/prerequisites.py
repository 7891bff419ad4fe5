"""What the tests of packages need on this machine: installed with apt-get where it is missing."""

import os
import shutil
import subprocess
import sys

TOOLS = {
    "cc": "gcc",
    "createrepo_c": "createrepo-c",
    "debootstrap": "debootstrap",
    "dnf": "dnf",
    "gpg": "gpg",
    "man": "man-db",
    "readelf": "binutils",
    "reprepro": "reprepro",
    "rpm": "rpm",
    "systemd-analyze": "systemd",
}


def main() -> int:
    if sys.platform != "linux" or not shutil.which("apt-get"):
        print("packages: the tests of packages need Debian or Ubuntu", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("packages: installing into other systems needs root: sudo make ...", file=sys.stderr)
        return 2
    missing = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if missing:
        print(f"Installing {', '.join(missing)} ...", flush=True)
        for words in (("update",), ("install", "-y", "--no-install-recommends", *missing)):
            done = subprocess.run(["apt-get", "-q", *words], capture_output=True, check=False)
            if done.returncode:
                print(f"packages: apt-get {words[0]} did not succeed", file=sys.stderr)
                return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
