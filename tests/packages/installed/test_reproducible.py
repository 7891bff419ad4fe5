"""The same source gives the same bytes: bundle and packages, built a second time elsewhere."""

import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.packages.installed.built import BUNDLES, DIST, ROOT, package
from tests.packages.installed.publishing import version_of

PYTHON = BUNDLES / "venv/bin/python"


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.mark.parametrize("half", ["agent", "collector"])
def test_a_second_build_gives_the_same_bundle_and_packages(half: str, tmp_path: Path) -> None:
    name = f"muster-{half}"
    elsewhere = {"MUSTER_BUNDLE_FOLDER": str(tmp_path), "MUSTER_DIST": str(tmp_path / "dist")}
    for script in ("build/bundle/bundle.py", "build/packages/packages.py"):
        subprocess.run(
            [str(PYTHON), script, half], cwd=ROOT, env=os.environ | elsewhere, check=True
        )
    first, second = digests(BUNDLES / name), digests(tmp_path / name)
    assert first == second
    print(f"\n{name}: {len(first)} files, the same bytes twice")
    for kind in ("deb", "rpm"):
        ours = package(half, kind)
        theirs = tmp_path / "dist" / ours.name
        told = hashlib.sha256(theirs.read_bytes()).hexdigest()
        assert hashlib.sha256(ours.read_bytes()).hexdigest() == told
        print(f"{ours.relative_to(DIST)}: {told}")


def test_two_versions_that_are_built_at_once_share_nothing(tmp_path: Path) -> None:
    """Each starts the program that it brings."""
    versions = {version: tmp_path / version for version in ("8.0.1", "8.0.2")}
    with ThreadPoolExecutor() as both:
        made = both.map(lambda each: version_of("agent", *each)[1], versions.items())
        for version, archive in zip(versions, made, strict=True):
            took = subprocess.run(
                ["dpkg-deb", "--fsys-tarfile", str(archive)], capture_output=True, check=True
            )
            told = subprocess.run(
                ["tar", "xO", "./usr/lib/muster-agent/start"],
                input=took.stdout, capture_output=True, check=True,
            )  # fmt: skip
            assert f"/usr/lib/muster-agent/{version}-".encode() in told.stdout
