"""From a signed rpm repository by dnf, into a root: install, upgrade, downgrade, removal.

The root is Debian's, so a stand-in package says that it has the C library which the agent needs.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packages.installed.built import BUNDLES, package
from tests.packages.installed.publishing import NEWER, Published, publish
from tests.packages.installed.roots import System, system


class Root:
    """A system whose packages dnf keeps, with our repository and no other."""

    def __init__(self, machine: System, repository: Path) -> None:
        self.machine, self.repository = machine, repository
        folder = machine.root / "etc/yum.repos.d"
        folder.mkdir(parents=True)
        told = (repository / "muster.repo").read_text()
        told = told.replace("file:/mnt/repository", f"file://{repository}")
        (folder / "muster.repo").write_text(told)

    def dnf(self, *words: str) -> subprocess.CompletedProcess[str]:
        root = self.machine.root
        fixed = ["--installroot", str(root), "--releasever", "1", "--nodocs"]
        fixed += [f"--setopt=reposdir={root}/etc/yum.repos.d", "--setopt=metadata_expire=0"]
        return subprocess.run(
            ["dnf", "-y", *fixed, *words], capture_output=True, text=True, check=False,
            env=os.environ | {"LC_ALL": "C.UTF-8"}, timeout=900,
        )  # fmt: skip

    def rpm(self, *words: str) -> str:
        command = ["rpm", "--root", str(self.machine.root), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def root(published: Published, tmp_path: Path) -> Iterator[Root]:
    folder = tmp_path / "repository"
    shutil.copytree(published.folder, folder)
    with system("bookworm") as machine:
        made = Root(machine, folder)
        made.rpm("--initdb")
        made.rpm("-i", "--nosignature", str(_stand_in(tmp_path)))
        yield made


def _stand_in(folder: Path) -> Path:
    needed = subprocess.run(
        ["rpm", "-qp", "--requires", str(package("agent", "rpm"))],
        capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    described = {
        "name": "stand-in", "arch": "noarch", "version": "1", "maintainer": "x <x@muster.invalid>",
        "provides": [one for one in needed if one and not one.startswith("rpmlib")] + ["/bin/sh"],
    }  # fmt: skip
    config = folder / "stand-in.json"
    config.write_text(json.dumps(described))
    nfpm = [str(BUNDLES / "venv/bin/nfpm"), "package", "--config", str(config)]
    made = folder / "stand-in.rpm"
    subprocess.run([*nfpm, "--packager", "rpm", "--target", str(made)], check=True)
    return made


def test_it_is_installed_upgraded_downgraded_and_leaves_nothing(
    root: Root, published: Published
) -> None:
    installed = root.dnf("install", "muster-agent")
    assert installed.returncode == 0, installed.stderr
    assert "Key ID" in root.rpm("-qi", "muster-agent")
    first = root.rpm("-q", "muster-agent")
    _works(root)
    publish(root.repository, published.key, *published.newer)
    upgraded = root.dnf("upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert NEWER in root.rpm("-q", "muster-agent")
    _works(root)
    downgraded = root.dnf("downgrade", "muster-agent")
    assert downgraded.returncode == 0, downgraded.stderr
    assert root.rpm("-q", "muster-agent") == first
    _works(root)
    (root.machine.root / "var/lib/muster-agent").mkdir()
    assert root.dnf("remove", "muster-agent").returncode == 0
    assert not list((root.machine.root / "etc/systemd").rglob("*muster*"))
    for place in ("usr/bin", "usr/lib", "var/lib", "var/cache"):
        assert not list((root.machine.root / place).glob("muster-*")), place


def _works(root: Root) -> None:
    assert root.machine.must("muster-agent", "--version").startswith("muster-agent ")
    said = root.machine.run("muster-agent", "check")
    assert (said.status, said.errors) == (0, "")
    programs = [p for p in (root.machine.root / "usr/lib/muster-agent").iterdir() if p.is_dir()]
    assert len(programs) == 1


def test_an_unsigned_index_is_refused(root: Root) -> None:
    (root.repository / "rpm/repodata/repomd.xml.asc").unlink()
    refused = root.dnf("install", "muster-agent")
    assert refused.returncode != 0
    assert not (root.machine.root / "usr/bin/muster-agent").exists()


def test_a_changed_index_is_refused(root: Root) -> None:
    index = root.repository / "rpm/repodata/repomd.xml"
    index.write_text(index.read_text().replace("<revision>", "<revision>1"))
    refused = root.dnf("install", "muster-agent")
    assert refused.returncode != 0
    assert not (root.machine.root / "usr/bin/muster-agent").exists()


def test_a_package_without_our_signature_is_refused(root: Root, published: Published) -> None:
    """Although the index, signed with the right key, lists it."""
    (signed,) = (root.repository / "rpm").glob("muster-agent*.rpm")
    shutil.copy(published.older[1], signed)
    described = ["createrepo_c", "--quiet", str(root.repository / "rpm")]
    subprocess.run(described, check=True)
    index = root.repository / "rpm/repodata/repomd.xml"
    sign = ["gpg", "--batch", "--yes", "--local-user", published.key, "--armor", "--detach-sign"]
    subprocess.run([*sign, str(index)], check=True)
    refused = root.dnf("install", "muster-agent")
    assert refused.returncode != 0
    assert "sign" in (refused.stdout + refused.stderr).lower()
    assert not (root.machine.root / "usr/bin/muster-agent").exists()
