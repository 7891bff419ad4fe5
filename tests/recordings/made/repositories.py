"""Two small packages in two versions, in the repository formats of RPM and of pacman.

acme-ssl's second version is a security update, acme-edit's a bug fix; an updateinfo.xml says so.
"""

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

PACKAGES = ("acme-ssl", "acme-edit")
SPEC = """\
Name: {name}
Version: {version}
Release: 1
Summary: A test package
License: MIT
BuildArch: noarch
%description
A test package.
%files
"""
ADVISORY = """\
<update from="security@example.org" status="final" type="{kind}" version="1">
<id>{id}</id><title>{id}</title><severity>{severity}</severity><release>1</release>
<issued date="2026-11-20 10:00:00"/><updated date="2026-11-20 10:00:00"/>
<description>A test advisory.</description>
<pkglist><collection short="updates"><name>updates</name>
<package name="{name}" version="1.1" release="1" epoch="0" arch="noarch" src="{name}-1.1-1.src.rpm">
<filename>{name}-1.1-1.noarch.rpm</filename></package>
</collection></pkglist></update>
"""
PKGINFO = """\
pkgname = {name}
pkgver = {version}-1
pkgdesc = A test package
builddate = 1795000000
packager = Unknown Packager
size = 0
arch = any
license = MIT
"""


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def rpm_repository(folder: Path) -> None:
    """Both versions of both packages, and advisories for the second ones."""
    Path("/etc/rpm").mkdir(exist_ok=True)
    Path("/etc/rpm/macros").write_text("%_dbpath /var/lib/rpm\n%_topdir /srv/build\n")
    folder.mkdir()
    for name in PACKAGES:
        for version in ("1.0", "1.1"):
            spec = Path(f"/srv/{name}.spec")
            spec.write_text(SPEC.format(name=name, version=version))
            run("rpmbuild", "-bb", "--define", f"_rpmdir {folder}", str(spec))
    run("createrepo_c", str(folder))
    advisories = Path("/srv/updateinfo.xml")
    told = (
        ADVISORY.format(id="ACME-2026-1", kind="security", severity="Important", name="acme-ssl"),
        ADVISORY.format(id="ACME-2026-2", kind="bugfix", severity="None", name="acme-edit"),
    )
    advisories.write_text(f'<?xml version="1.0"?>\n<updates>{"".join(told)}</updates>\n')
    run("modifyrepo_c", str(advisories), str(folder / "repodata"))


def install_old(folder: Path) -> None:
    old = [str(path) for path in sorted(folder.rglob("*-1.0-1.noarch.rpm"))]
    run("rpm", "-U", "--nodeps", "--noscripts", "--oldpackage", "--force", *old)


def pacman_repository(folder: Path) -> None:
    """The second versions are in the database; the first ones lie beside, to be installed."""
    folder.mkdir()
    for name in PACKAGES:
        for version in ("1.0", "1.1"):
            _pacman_package(folder, name, version)
    new = [str(path) for path in sorted(folder.glob("*-1.1-1-any.pkg.tar.gz"))]
    run("repo-add", str(folder / "extra.db.tar.gz"), *new)


def _pacman_package(folder: Path, name: str, version: str) -> None:
    content = PKGINFO.format(name=name, version=version).encode()
    with tarfile.open(folder / f"{name}-{version}-1-any.pkg.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo(".PKGINFO")
        entry.size = len(content)
        archive.addfile(entry, BytesIO(content))


def install_old_pacman(folder: Path) -> None:
    old = [str(path) for path in sorted(folder.glob("*-1.0-1-any.pkg.tar.gz"))]
    run("pacman", "-U", "--noconfirm", *old)
