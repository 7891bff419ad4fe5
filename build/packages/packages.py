"""The recipe of ``make packages``: .deb and .rpm of both halves in ``dist``, from their bundles.

A bundle is installed below a folder that has the name of its content, and `start`, the last file
of the package, names that folder: whatever moment an upgrade is cut off at, `start` finds a whole
program, the old one or the new. The same bundle gives the same packages, byte for byte.
"""

import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "build/bundle"), str(ROOT / "build/licences")]

import bundle  # noqa: E402
import completions  # noqa: E402
import licences  # noqa: E402
import manuals  # noqa: E402

from agent import __version__, cli  # noqa: E402
from collector.cli import program  # noqa: E402

DIST = Path(os.environ.get("MUSTER_DIST", ROOT / "dist"))
VERSION = os.environ.get("MUSTER_VERSION") or __version__
UNITS = "/usr/lib/systemd/system"
PERSONAL = "/usr/lib/systemd/user"
"""Units of each person's own manager."""

NEEDED = re.compile(rb"GLIBC_(\d+)\.(\d+)\b")
UNNAMED = "Muster packages <packages@muster.invalid>"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
ABOUT = {
    "agent": (
        "observes this device's security posture and reports it to one collector",
        "It looks at disk encryption, firewall, antivirus, screen lock and updates once an hour,",
        "listens on no port and sends published fields only. Until it is enrolled it does nothing.",
    ),
    "collector": (
        "keeps the inventory of devices and judges each against the policy",
        "It takes the reports of the agents, shows who falls short, since when and what to do, and",
        "seals a pack of evidence every week.",
    ),
}


@dataclass(frozen=True)
class Content:
    """One entry of a package."""

    to: str
    source: Path | None = None
    mode: int = 0o644
    kind: str = ""
    link: str = ""

    def described(self) -> dict[str, object]:
        entry: dict[str, object] = {"dst": self.to, "src": self.link or str(self.source or "")}
        if self.kind:
            entry["type"] = self.kind
        if self.kind != "symlink":
            entry["file_info"] = {"mode": self.mode, "owner": "root", "group": "root"}
        return entry


def main(words: list[str]) -> int:
    if wrong := set(words) - set(bundle.HALVES):
        print(f"packages: no half {min(wrong)!r}; there are agent, collector", file=sys.stderr)
        return 2
    DIST.mkdir(parents=True, exist_ok=True)
    for half in words or bundle.HALVES:
        for package in make(half, bundle.FOLDER, DIST):
            print(f"  {package}: {package.stat().st_size / 1e6:.1f} MB", flush=True)
    return 0


def make(half: str, bundles: Path, to: Path) -> list[Path]:
    """Raises SystemExit where the bundle is missing."""
    folder = bundles / f"muster-{half}"
    if not (folder / folder.name).exists():
        raise SystemExit(f"packages: {folder} is missing: make bundle")
    with tempfile.TemporaryDirectory(prefix=f"muster-{half}-") as own:
        work = Path(own)  # two versions that are built at once share nothing
        config = work / "nfpm.json"
        config.write_text(json.dumps(_config(half, folder, work), indent=1))
        return [_run(config, kind, to) for kind in ("deb", "rpm")]


def _run(config: Path, kind: str, to: Path) -> Path:
    nfpm = Path(sys.executable).with_name("nfpm")
    command = [str(nfpm), "package", "--config", str(config), "--packager", kind]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": bundle.epoch()}
    done = subprocess.run(
        [*command, "--target", str(to)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"packages: nfpm: {(done.stderr or done.stdout).strip()}")
    return to / Path(done.stdout.strip().splitlines()[-1].rpartition(" ")[2]).name


def _config(half: str, folder: Path, work: Path) -> dict[str, object]:
    scripts = ROOT / "build" / half / "linux"
    glibc = glibc_needed(folder)
    named = {"agent": [], "collector": ["systemd"]}[half]
    return {
        "name": folder.name,
        "arch": MACHINES[os.uname().machine],
        "platform": "linux",
        "version": VERSION,
        "version_schema": "none",
        "release": "1",
        "section": "admin",
        "priority": "optional",
        "maintainer": os.environ.get("MUSTER_MAINTAINER", UNNAMED),
        "description": "\n".join(ABOUT[half]),
        "mtime": _moment(),
        "umask": 0o022,
        "contents": [entry.described() for entry in sorted(_contents(half, folder, work), key=_to)],
        "scripts": {
            "preinstall": str(scripts / "preinst"),
            "postinstall": str(scripts / "postinst"),
            "preremove": str(scripts / "prerm"),
            "postremove": str(scripts / "postrm"),
        },
        "deb": {"compression": "zstd"},
        "rpm": {"compression": "zstd", "buildhost": "localhost", "summary": ABOUT[half][0]},
        "overrides": {
            "deb": {"depends": [f"libc6 (>= {glibc})", *_deb(named)]},
            "rpm": {"depends": [f"libc.so.6(GLIBC_{glibc})(64bit)", *named]},
        },
    }


def _deb(named: list[str]) -> list[str]:
    return ["systemd | systemd-standalone-sysusers"] if named else []


def _contents(half: str, folder: Path, work: Path) -> Iterator[Content]:
    source = ROOT / "build" / half / "linux"
    place = f"/usr/lib/{folder.name}"
    inside = f"{VERSION}-{fingerprint(folder)}"
    yield Content(place, mode=0o755, kind="dir")
    yield Content(f"{place}/{inside}", mode=0o755, kind="dir")
    for path in folder.rglob("*"):
        to = f"{place}/{inside}/{path.relative_to(folder)}"
        if path.is_symlink():
            yield Content(to, kind="symlink", link=str(path.readlink()))
        elif path.is_dir():
            yield Content(to, mode=0o755, kind="dir")
        else:
            yield Content(to, path, path.stat().st_mode & 0o777)
    start = work / "start"
    start.write_text((source / "start").read_text().replace("@BUNDLE@", inside))
    yield Content(f"{place}/start", start, 0o755)
    yield Content(f"/usr/bin/{folder.name}", kind="symlink", link=f"../lib/{folder.name}/start")
    if half == "agent":
        yield Content(f"/var/cache/{folder.name}", mode=0o755, kind="dir")
    yield from _words(half, folder.name, work)
    yield from _units(source, folder.name)


def _words(half: str, name: str, work: Path) -> Iterator[Content]:
    """The manual and what shells complete."""
    page = work / f"{name}.1"
    parser, epoch = cli.parser(), int(bundle.epoch())
    if half == "agent":
        page.write_text(manuals.agent(parser, VERSION, epoch))
        made = completions.agent(parser)
    else:
        page.write_text(manuals.collector(program, VERSION, epoch))
        made = completions.collector(program)
    told = work / "THIRD-PARTY-LICENCES"
    told.write_text("\n".join(licences.texts(half)), encoding="utf-8")
    yield Content(f"/usr/share/doc/{name}/THIRD-PARTY-LICENCES", told)
    packed = page.with_suffix(".1.gz")
    packed.write_bytes(gzip.compress(page.read_bytes(), 9, mtime=0))
    yield Content(f"/usr/share/man/man1/{name}.1.gz", packed)
    for shell, text in made.items():
        file = work / f"completion.{shell}"
        file.write_text(text)
        yield Content(completions.PLACES[shell].format(name=name), file)


def _units(source: Path, name: str) -> Iterator[Content]:
    for file in sorted(source.iterdir()):
        to = _place(file, name)
        if file.name in ("hardening.conf", "serve.conf"):
            yield Content(str(Path(to).parent), mode=0o755, kind="dir")
        if to:
            yield Content(to, file, kind="config|noreplace" if to.startswith("/etc/") else "")


def _place(file: Path, name: str) -> str:
    """Where a file of build/*/linux is installed; "" for those that are no file of the package."""
    named = {
        "hardening.conf": f"{UNITS}/{name}-.service.d/hardening.conf",
        "sysusers.conf": f"/usr/lib/sysusers.d/{name}.conf",
        "tmpfiles.conf": f"/usr/lib/tmpfiles.d/{name}.conf",
        "serve.conf": f"/etc/{name}/serve.conf",
    }
    folders = {
        ".service": PERSONAL if "notify" in file.name else UNITS,
        ".path": PERSONAL if "notify" in file.name else UNITS,
        ".timer": UNITS,
        ".preset": f"/usr/lib/systemd/{'user' if 'user' in file.name else 'system'}-preset",
        ".desktop": "/etc/xdg/autostart",
    }
    folder = folders.get(file.suffix)
    return f"{folder}/{file.name}" if folder else named.get(file.name, "")


def fingerprint(folder: Path) -> str:
    """Of every file's name, mode and content: two bundles that differ have two."""
    told = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            told.update(f"{path.relative_to(folder)}>{path.readlink()}\n".encode())
        elif path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            told.update(f"{path.relative_to(folder)} {path.stat().st_mode:o} {digest}\n".encode())
    return told.hexdigest()[:10]


def glibc_needed(folder: Path) -> str:
    """The newest version of the C library's interface that a file of the bundle was linked with."""
    needed = (2, 17)
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as opened:
                if opened.read(4) != b"\x7fELF":
                    continue
            found = NEEDED.findall(path.read_bytes())
            needed = max([needed, *((int(a), int(b)) for a, b in found)])
    return f"{needed[0]}.{needed[1]}"


def _moment() -> str:
    return datetime.fromtimestamp(int(bundle.epoch()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _to(entry: Content) -> str:
    return entry.to


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
