"""The recipe of ``make repository``: signed apt and rpm repositories, ready for any web server.

    make repository KEY=FINGERPRINT URL=https://packages.example.org/muster

KEY is a key of the operator's GnuPG (GNUPGHOME); it never leaves there, and a smart card will do.
Run again for a new version: apt's `stable` moves on, and what it held before is in `previous`.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIST = Path(os.environ.get("MUSTER_DIST", ROOT / "dist"))
HALVES = ("muster-agent", "muster-collector")
ARCHITECTURES = "amd64 arm64"
SUITES = ("stable", "previous")
TOOLS = {"reprepro": "reprepro", "createrepo_c": "createrepo-c", "rpmsign": "rpm", "gpg": "gpg"}
SUITE = """Origin: Muster
Label: Muster
Codename: {suite}
Suite: {suite}
Architectures: {architectures}
Components: main
Description: Muster packages
SignWith: {key}

"""
APT = """Types: deb
URIs: {url}/apt
Suites: stable previous
Components: main
Signed-By: /etc/apt/keyrings/muster.asc
"""
RPM = """[muster]
name=Muster
baseurl={url}/rpm
enabled=1
gpgcheck=1
repo_gpgcheck=1
gpgkey={url}/muster.asc
"""


class CannotPublish(Exception):
    """Why, and what to do."""


def main(words: list[str]) -> int:
    given = _given(words)
    try:
        publish(given.packages or newest(DIST), given.key, given.url.rstrip("/"), given.out)
    except CannotPublish as error:
        print(f"repository: {error}", file=sys.stderr)
        return 2
    print(f"  {given.out}: put it where {given.url} leads (docs/packages.md)")
    return 0


def _given(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="repository", description=__doc__)
    parser.add_argument("--key", required=True, help="fingerprint of the signing key")
    parser.add_argument("--url", required=True, help="where the repositories will be found")
    parser.add_argument("--out", type=Path, default=DIST / "repository")
    parser.add_argument("packages", nargs="*", type=Path, help="the newest .deb and .rpm of dist")
    return parser.parse_args(words)


def publish(packages: list[Path], key: str, url: str, out: Path) -> None:
    """Raises CannotPublish; a repository that is there stays as it was until its last step."""
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if missing:
        raise CannotPublish(f"apt-get install {' '.join(sorted(set(missing)))}")
    public = _run("gpg", "--batch", "--armor", "--export", key)
    if "PUBLIC KEY" not in public:
        raise CannotPublish(f"GnuPG knows no key {key}: give the fingerprint of one (gpg -K)")
    out.mkdir(parents=True, exist_ok=True)
    (out / "muster.asc").write_text(public)
    (out / "muster.sources").write_text(APT.format(url=url))
    (out / "muster.repo").write_text(RPM.format(url=url))
    _publish_apt([p for p in packages if p.suffix == ".deb"], key, out / "apt")
    _publish_rpm([p for p in packages if p.suffix == ".rpm"], key, out / "rpm")


def newest(dist: Path) -> list[Path]:
    """The package of each half and kind that was built last."""
    found = []
    for half in HALVES:
        for pattern in (f"{half}_*.deb", f"{half}-[0-9]*.rpm"):
            made = sorted(dist.glob(pattern), key=lambda file: file.stat().st_mtime)
            if not made:
                raise CannotPublish(f"no {pattern} in {dist}: make packages")
            found.append(made[-1])
    return found


def _publish_apt(packages: list[Path], key: str, out: Path) -> None:
    conf = out / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    told = (SUITE.format(suite=suite, architectures=ARCHITECTURES, key=key) for suite in SUITES)
    (conf / "distributions").write_text("".join(told))
    reprepro = ("reprepro", "--silent", "--basedir", str(out))
    for package in packages:
        name = package.name.partition("_")[0]
        _run(*reprepro, "copy", "previous", "stable", name)
        _run(*reprepro, "remove", "stable", name)
        _run(*reprepro, "includedeb", "stable", str(package))
    _run(*reprepro, "export")


def _publish_rpm(packages: list[Path], key: str, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for package in packages:
        signed = out / f".{package.name}"
        shutil.copyfile(package, signed)
        # Debian's rpm looks for a gpg2, which Debian does not have.
        named = ("--define", f"_gpg_name {key}", "--define", f"__gpg {shutil.which('gpg')}")
        _run("rpmsign", *named, "--addsign", str(signed))
        signed.replace(out / package.name)
    _run("createrepo_c", "--quiet", "--update", "--retain-old-md=0", str(out))
    index = str(out / "repodata/repomd.xml")
    signature = out / "repodata/repomd.xml.asc"
    signature.unlink(missing_ok=True)
    _run("gpg", "--batch", "--local-user", key, "--armor", "--detach-sign", index)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise CannotPublish(f"{command[0]}: {said[-1] if said else 'it did not succeed'}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
