"""Systems of other releases as folders, made with debootstrap once, copied for each test."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.packages.installed.built import ROOT, Said

RELEASES = ("bookworm", "trixie")
MIRROR = os.environ.get("MUSTER_MIRROR", "http://deb.debian.org/debian")
CACHE = Path(os.environ.get("MUSTER_ROOTS_CACHE", ROOT / ".muster/roots"))
INCLUDED = "ca-certificates,gpgv,iproute2,procps"
MOUNTED = (
    'set -e; mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; '
    'mkdir -p "$1/mnt/repository"; if [ -d "$2" ]; then mount --bind "$2" "$1/mnt/repository"; fi; '
    'root="$1"; shift 2; exec chroot "$root" "$@"'
)
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


@dataclass(frozen=True)
class System:
    """A root that takes commands. `repository` is seen in it as /mnt/repository."""

    root: Path
    repository: Path | None = None

    def run(self, *command: str, given: str = "", seconds: int = 900) -> Said:
        whole = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", MOUNTED)
        shared = str(self.repository or "/nonexistent")
        proxies = {n: v for n, v in os.environ.items() if n.lower().endswith("_proxy")}
        done = subprocess.run(
            [*whole, "sh", str(self.root), shared, *command], input=given, capture_output=True,
            text=True, env=CLEAN | proxies | {"DEBIAN_FRONTEND": "noninteractive"},
            timeout=seconds, check=False,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    def must(self, *command: str, given: str = "") -> str:
        said = self.run(*command, given=given)
        assert said.status == 0, f"{command} ended with {said.status}: {said.errors}{said.out}"
        return said.out

    def apt(self, *words: str) -> Said:
        return self.run("apt-get", "-q", "-y", "--allow-downgrades", *words)

    def files(self) -> dict[str, str]:
        """Every path outside what any installation writes, with what it is."""
        found = {}
        for folder, folders, files in os.walk(self.root):
            place = Path(folder).relative_to(self.root)
            if str(place) in ("proc", "dev", "sys", "mnt"):
                folders.clear()
                continue
            for name in [*files, *folders]:
                path = Path(folder, name)
                kind = "folder" if path.is_dir() and not path.is_symlink() else "file"
                found[str(place / name)] = kind
        return found


def base(release: str) -> Path:
    whole = CACHE / release
    if not whole.exists():
        half = CACHE / f"{release}.half"
        shutil.rmtree(half, ignore_errors=True)
        half.parent.mkdir(parents=True, exist_ok=True)
        command = ["debootstrap", "--variant=minbase", f"--include={INCLUDED}", release, str(half)]
        subprocess.run([*command, MIRROR], check=True, stdout=subprocess.DEVNULL)
        half.rename(whole)
    return whole


@contextmanager
def system(release: str, repository: Path | None = None) -> Iterator[System]:
    """A copy of the release, gone at the end of the block."""
    copy = CACHE / f"{release}.{os.getpid()}"
    subprocess.run(["cp", "-a", "--reflink=auto", str(base(release)), str(copy)], check=True)
    try:
        shutil.copy("/etc/resolv.conf", copy / "etc/resolv.conf")
        yield System(copy, repository)
    finally:
        shutil.rmtree(copy)
