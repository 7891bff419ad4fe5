"""The systems before they are written to disks: folders, made with debootstrap and apt."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.laptops import kernel
from tests.laptops.layouts import LAYOUTS
from tests.laptops.prerequisites import RELEASE
from tests.laptops.uml import LaptopTrouble

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
LOCKED = REPOSITORY / "requirements/agent.txt"
MIRROR = "http://deb.debian.org/debian"
SECURITY = "http://deb.debian.org/debian-security"
BASE_PACKAGES = (
    *("systemd-sysv", "udev", "dbus", "kmod", "iproute2", "ca-certificates"),
    *("python3", "libpam-systemd", "distro-info-data", "util-linux-extra"),
)
STAGE_PACKAGES = ("cryptsetup-bin", "lvm2", "mdadm", "btrfs-progs", "fdisk")
UNITS = ("laptop-orders.service", "laptop-network.service", "laptop-disks.service")
SOURCES = "".join(
    f"deb {where} {suite} main\n"
    for where, suite in (
        (MIRROR, RELEASE),
        (MIRROR, f"{RELEASE}-updates"),
        (SECURITY, f"{RELEASE}-security"),
    )
)


@dataclass(frozen=True)
class Trees:
    """Folders below `folder`, each made once and finished before it gets its name."""

    folder: Path

    def prepare(self) -> None:
        """Make what all cases share."""
        for made in (self.base, self.current, self.stage, self.agent_libraries):
            assert made.is_dir()

    @property
    def base(self) -> Path:
        return self._once(f"base-{made_of()}", self._make_base)

    @property
    def current(self) -> Path:
        """The base with every update installed."""
        return self._once(f"current-{made_of()}", self._make_current)

    @property
    def stage(self) -> Path:
        """The first system, which opens disks; its scripts are of this run."""
        stage = self._once(f"stage-{made_of()}", self._make_stage)
        scripts = stage / "laptops"
        scripts.mkdir(exist_ok=True)
        for name, layout in LAYOUTS.items():
            _script(scripts / f"{name}.build", layout.build_script())
            _script(scripts / f"{name}.open", layout.open_script())
        return stage

    @property
    def agent_libraries(self) -> Path:
        """What the agent depends on, for the laptops' Python: the locked requirements."""
        locked = hashlib.sha256(LOCKED.read_bytes()).hexdigest()[:12]
        return self._once(f"agent-libraries-{locked}", _install_libraries)

    def derive(self, name: str, packages: tuple[str, ...], setup: str, *, updated: bool) -> Path:
        """A new copy of the base with more in it; the caller removes it."""
        tree = self.folder / f"tree-{name}"
        _remove(tree)
        _copy(self.current if updated else self.base, tree)
        install = f"apt-get install -y --no-install-recommends {' '.join(packages)}\n"
        script = ("apt-get dist-upgrade -y\n" if updated else "") + install
        inside(tree, "set -e\napt-get update\n" + script + setup, self.archives)
        (tree / "etc/machine-id").write_text("")
        return tree

    @property
    def archives(self) -> Path:
        """Downloaded packages, shared by all builds."""
        folder = self.folder / "archives"
        (folder / "partial").mkdir(parents=True, exist_ok=True)
        return folder

    def _once(self, name: str, make: "object") -> Path:
        whole = self.folder / name
        if not whole.exists():
            print(f"  making {name} ...", flush=True)
            half = self.folder / f"{name}.half"
            _remove(half)
            make(half)  # type: ignore[operator]
            half.rename(whole)
            kind, _, _ = name.rpartition("-")
            for old in self.folder.glob(f"{kind}-????????????"):
                if old != whole:
                    _remove(old)
        return whole

    def _make_base(self, tree: Path) -> None:
        _run(
            *("debootstrap", "--variant=minbase", f"--include={','.join(BASE_PACKAGES)}"),
            *(RELEASE, str(tree), MIRROR),
        )
        kernel.install(self._once(f"kernel-modules-{kernel.made_of()}", kernel.build), tree)
        (tree / "etc/apt/sources.list").write_text(SOURCES)
        _install_units(tree)
        inside(tree, f"systemctl enable {' '.join(UNITS)}", self.archives)

    def _make_current(self, tree: Path) -> None:
        _copy(self.base, tree)
        inside(tree, "apt-get update\napt-get dist-upgrade -y", self.archives)

    def _make_stage(self, tree: Path) -> None:
        _copy(self.base, tree)
        install = f"apt-get install -y --no-install-recommends {' '.join(STAGE_PACKAGES)}"
        inside(tree, f"apt-get update\n{install}", self.archives)


def made_of() -> str:
    """Short, and another when the base would be another."""
    files = [path.read_text() for path in sorted((HERE / "inside").iterdir())]
    parts = (RELEASE, BASE_PACKAGES, STAGE_PACKAGES, SOURCES, kernel.made_of(), files)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def inside(tree: Path, script: str, archives: Path) -> None:
    """Run a script in a folder as its root, with no service started by it."""
    policy = tree / "usr/sbin/policy-rc.d"
    _script(policy, "#!/bin/sh\nexit 101\n")
    prepare = (
        f'mount -t proc proc "{tree}/proc"; mount --bind "{archives}" '
        f'"{tree}/var/cache/apt/archives"; cp /etc/resolv.conf "{tree}/etc/resolv.conf"\n'
        f'exec chroot "{tree}" /bin/sh -s'
    )
    environment = {"PATH": os.environ["PATH"], "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    environment |= {n: v for n, v in os.environ.items() if n.lower().endswith("_proxy")}
    _run(
        *("unshare", "--mount", "--pid", "--fork", "/bin/sh", "-c", prepare),
        given=script, environment=environment,
    )  # fmt: skip
    policy.unlink()


def _install_units(tree: Path) -> None:
    for unit in (*UNITS, "muster-agent.service"):
        shutil.copy(HERE / "inside" / unit, tree / "etc/systemd/system" / unit)
    for program, place in (("laptop-orders", "usr/local/sbin"), ("muster-agent", "usr/bin")):
        _script(tree / place / program, (HERE / "inside" / program).read_text())


def _install_libraries(folder: Path) -> None:
    _run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "--only-binary", ":all:", "--python-version", "3.11"),
        *("--target", str(folder), "-r", str(LOCKED)),
    )


def _script(path: Path, content: str) -> None:
    path.write_text(content)
    path.chmod(0o755)


def _copy(tree: Path, to: Path) -> None:
    _run("cp", "--archive", "--reflink=auto", str(tree), str(to))


def _remove(tree: Path) -> None:
    if tree.exists():
        shutil.rmtree(tree)


def _run(*command: str, given: str = "", environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise LaptopTrouble(f"{command[0]} ended with {done.returncode}:\n{said}")
