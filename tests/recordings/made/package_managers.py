"""Records dnf, zypper and pacman for real, against small repositories that are built here.

Run as root on Debian, where these are packaged::

    apt-get install -y --no-install-recommends \
        dnf zypper pacman-package-manager makepkg libarchive-tools createrepo-c rpm
    python -m tests.recordings.made.package_managers tests/recordings/hosts

/etc, /var and /srv are covered by file systems in memory within a mount namespace of its own, so
that the machine keeps nothing of it. What is recorded is what `agent.checks.os_updates` asks.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from agent.checks.os_updates import linux
from agent.machine import Machine
from agent.recordings.redaction import Redaction
from tests.recordings.made import repositories
from tests.recordings.made.folders import write

MARK = "MUSTER_MADE_INSIDE"
FEDORA = "ID=fedora\nVERSION_ID=41\nSUPPORT_END=2025-12-15\n"
LEAP = "ID=opensuse-leap\nID_LIKE='suse opensuse'\nVERSION_ID=15.6\n"
ARCH = "ID=arch\nBUILD_ID=rolling\n"


def run(*words: str, ok: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode not in ok:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")


def cover() -> None:
    """Nothing below these folders reaches the disk from here on."""
    run("mount", "-t", "tmpfs", "none", "/mnt")
    for name in ("etc", "var"):
        upper, work = Path(f"/mnt/{name}"), Path(f"/mnt/.{name}")
        upper.mkdir()
        work.mkdir()
        layers = f"lowerdir=/{name},upperdir={upper},workdir={work}"
        run("mount", "-t", "overlay", "overlay", "-o", layers, f"/{name}")
    run("mount", "-t", "tmpfs", "none", "/srv")


def system(release: str) -> None:
    """os-release(5) of the distribution whose package manager speaks."""
    Path("/etc/os-release").unlink()
    Path("/etc/os-release").write_text(release)


def record(folder: Path) -> None:
    """Ask what the check asks; the kernel that happens to run here is nobody's answer."""
    write(folder, linux.observe, Machine(), Redaction())
    for path in ("fs/proc", "fs/lib", "fs/boot"):
        shutil.rmtree(folder / path, ignore_errors=True)
    table = folder / "FILES.tsv"
    kept = [line for line in table.read_text().splitlines(True) if not _of_the_kernel(line)]
    table.write_text("".join(kept))


def _of_the_kernel(line: str) -> bool:
    path = line.split("\t")[1]
    return path.startswith(("/proc", "/lib/modules", "/usr/lib/modules", "/boot"))


def dnf(hosts: Path) -> None:
    system(FEDORA)
    repositories.rpm_repository(Path("/srv/updates"))
    Path("/etc/yum.repos.d").mkdir(exist_ok=True)
    Path("/etc/yum.repos.d/updates.repo").write_text(
        "[updates]\nname=updates\nbaseurl=file:///srv/updates\ngpgcheck=0\n"
    )
    repositories.install_old(Path("/srv/updates"))
    record(hosts / "linux-updates-dnf-blind")
    run("dnf", "makecache")
    record(hosts / "linux-updates-dnf-bad")
    run("dnf", "-y", "upgrade")
    record(hosts / "linux-updates-dnf-good")


def zypper(hosts: Path) -> None:
    system(LEAP)
    shutil.rmtree("/etc/zypp/repos.d", ignore_errors=True)
    repositories.install_old(Path("/srv/updates"))
    record(hosts / "linux-updates-zypper-blind")
    run("zypper", "--non-interactive", "addrepo", "--no-gpgcheck", "dir:/srv/updates", "updates")
    run("zypper", "--non-interactive", "refresh")
    record(hosts / "linux-updates-zypper-bad")
    run("zypper", "--non-interactive", "update", "--no-recommends")
    record(hosts / "linux-updates-zypper-good")


def pacman(hosts: Path) -> None:
    system(ARCH)
    repositories.pacman_repository(Path("/srv/extra"))
    Path("/etc/pacman.conf").write_text(
        "[options]\nArchitecture = auto\nSigLevel = Never\n[extra]\nServer = file:///srv/extra\n"
    )
    repositories.install_old_pacman(Path("/srv/extra"))
    record(hosts / "linux-updates-pacman-blind")
    run("pacman", "-Sy", "--noconfirm")
    record(hosts / "linux-updates-pacman-bad")
    run("pacman", "-Su", "--noconfirm")
    record(hosts / "linux-updates-pacman-good")


def main(hosts: Path) -> None:
    if MARK not in os.environ:
        os.environ[MARK] = "yes"
        module = "tests.recordings.made.package_managers"
        os.execvp("unshare", ("unshare", "-m", sys.executable, "-m", module, str(hosts)))
    cover()
    for each in (dnf, zypper, pacman):
        each(hosts)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
