"""Installs what `make test-services` needs of others, and nothing that is there already.

Debian's packages by apt-get (as root), the object store by `go install`, the OpenID provider by
`npm ci` as the lock has it. What cannot be had is one line that says what to do.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.services.elsewhere import GATEWAY  # noqa: E402
from tests.services.openid import install_provider  # noqa: E402

MODULE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
PLACES = ("/usr/local/go/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
"""Beside PATH: where root's programs are, which an ordinary PATH leaves out."""

TOOLS: dict[str, tuple[str, ...]] = {
    "rsyslogd": ("rsyslog", "rsyslog-gnutls"),
    "chromium": ("chromium",),
    "soffice": ("libreoffice-calc",),
    "npm": ("nodejs", "npm"),
    "ip": ("iproute2",),
    "testssl": ("testssl.sh", "bind9-dnsutils"),
    "dig": ("bind9-dnsutils",),
    "sshd": ("openssh-server",),
    "age": ("age",),
    "tinyproxy": ("tinyproxy-bin",),
}
"""Each program, and Debian's packages that bring it."""
TLS_OF_RSYSLOG = "*/rsyslog/lmnsd_gtls.so"


class Missing(Exception):
    """Something cannot be installed here; str() says what to do."""


def path_of(program: str) -> str | None:
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))


def packages_wanted(libraries: Path = Path("/usr/lib")) -> list[str]:
    """Debian's packages of the programs that are not here, each once."""
    wanted = [name for tool, names in TOOLS.items() if not path_of(tool) for name in names]
    if not any(libraries.glob(TLS_OF_RSYSLOG)):
        wanted.append("rsyslog-gnutls")
    return list(dict.fromkeys(wanted))


def install_packages(wanted: Sequence[str], user: int) -> None:
    """Raises Missing."""
    if not wanted:
        return
    words = ("install", "-y", "-qq", "--no-install-recommends", *wanted)
    if user != 0 or path_of("apt-get") is None:
        raise Missing(f"these are missing: run `sudo apt-get install {' '.join(wanted)}`")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (("update", "-qq"), words):
        subprocess.run(("apt-get", *command), check=True, env=quiet, stdout=subprocess.DEVNULL)


def install_gateway() -> None:
    """Raises Missing."""
    if GATEWAY.exists():
        return
    go = path_of("go")
    if go is None:
        raise Missing("go is missing: install Go 1.24 or newer (go.dev/dl) and run this again")
    where = {**os.environ, "GOBIN": str(GATEWAY.parent)}
    subprocess.run((go, "install", MODULE), check=True, env=where)


def steps() -> Iterator[str]:
    """Does one after the other, and says before each what it is."""
    wanted = packages_wanted()
    yield f"Debian's packages: {' '.join(wanted) or 'all there'}"
    install_packages(wanted, os.geteuid())
    yield f"the object store: {'there' if GATEWAY.exists() else MODULE}"
    install_gateway()
    yield "the OpenID provider: as its lock has it"
    install_provider()


def main() -> int:
    try:
        for step in steps():
            print(step, flush=True)
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd)} ended with {error.returncode}: see above", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
