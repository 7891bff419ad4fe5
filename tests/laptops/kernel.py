"""The modules that Debian's kernel of user-mode Linux lacks, built from Debian's own source.

Its nf_tables is built without the families ip, ip6 and inet (CONFIG_NF_TABLES_IPV4 and others are
off), without which nftables, and the iptables and firewalld of today, can hold no rule, and nothing
of address translation works in them (CONFIG_NFT_NAT), without which firewalld loads none of its
rules. Only these modules and those that change with them are built: the kernel and all others stay
Debian's. Their version must be the kernel's.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.laptops.uml import LaptopTrouble

MODULES = Path("/usr/lib/uml/modules")
CONFIG = "/usr/share/doc/user-mode-linux/config.gz"
PACKAGES = ("flex", "bison", "bc", "libelf-dev", "libc6-dev", "make", "gcc", "xz-utils")
BUILT = {
    "net/netfilter": (
        *("nf_tables", "nft_reject_inet", "nft_fib", "nft_fib_inet"),
        *("nf_nat", "nft_nat", "nft_chain_nat", "nft_masq", "nft_redir"),
    ),
    "net/ipv4/netfilter": ("nft_reject_ipv4", "nft_fib_ipv4"),
    "net/ipv6/netfilter": ("nft_reject_ipv6", "nft_fib_ipv6"),
}
OPTIONS = (
    *("-e", "NF_TABLES_IPV4", "-e", "NF_TABLES_IPV6", "-e", "NF_TABLES_INET"),
    *("-m", "NFT_FIB_IPV4", "-m", "NFT_FIB_IPV6", "-m", "NFT_FIB_INET"),
    *("-m", "NFT_NAT"),
)
SCRIPT = """
set -e
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends {packages}
apt-get download -qq linux-source-{series}={version}-1
dpkg-deb -x linux-source-*.deb unpacked
tar xf unpacked/usr/src/linux-source-{series}.tar.xz --strip-components=1
zcat {config} > .config
scripts/config {options}
make -s ARCH=um olddefconfig
make -s ARCH=um -j2 modules_prepare
"""


def version() -> str:
    """Of the kernel that boots the laptops, such as "6.1.176"."""
    (found,) = MODULES.iterdir()
    return found.name


def made_of() -> str:
    """Short, and another when other modules would be built."""
    return hashlib.sha256(repr((version(), BUILT, OPTIONS)).encode()).hexdigest()[:12]


def build(folder: Path) -> None:
    """The modules in `folder`; takes some minutes and 1.5 GB meanwhile. Raises LaptopTrouble."""
    source = folder.with_name("kernel-source")
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    series = ".".join(version().split(".")[:2])
    values = {"packages": " ".join(PACKAGES), "series": series, "version": version()}
    _sh(source, SCRIPT.format(**values, config=CONFIG, options=" ".join(OPTIONS)))
    folder.mkdir()
    for part, names in BUILT.items():
        files = [f"{name}.ko" for name in names]
        _sh(source, f"make -s ARCH=um KBUILD_MODPOST_WARN=1 M={part} {' '.join(files)}")
        for file in files:
            shutil.copy(source / part / file, folder / file)
    shutil.rmtree(source)


def install(modules: Path, tree: Path) -> None:
    """Debian's modules and ours before them, where the laptop's own programs look."""
    place = tree / "lib/modules" / version()
    shutil.copytree(MODULES / version(), place, symlinks=True)
    shutil.copytree(modules, place / "updates")
    _sh(tree, f'depmod --basedir "{tree}" {version()}')


def _sh(folder: Path, script: str) -> None:
    # This machine's make must not hand its own settings on to the kernel's.
    environment = {n: v for n, v in os.environ.items() if not n.startswith("MAKE")}
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise LaptopTrouble(f"building kernel modules ended with {done.returncode}:\n{said}")
