"""Signed repositories of the built packages, with a key made for the test."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.packages.installed.built import BUNDLES, ROOT, package

NEWER = "9.9.9"
URL = "file:/mnt/repository"


@dataclass(frozen=True)
class Published:
    folder: Path
    older: tuple[Path, ...]
    newer: tuple[Path, ...]
    key: str


def version_of(half: str, version: str, to: Path) -> tuple[Path, ...]:
    """The same bundle as another version: .deb and .rpm."""
    command = [str(BUNDLES / "venv/bin/python"), "build/packages/packages.py", half]
    named = {"MUSTER_VERSION": version, "MUSTER_DIST": str(to)}
    subprocess.run(command, cwd=ROOT, env=os.environ | named, check=True)
    return tuple(sorted(to.glob(f"muster-{half}*{version}*")))


def publish(to: Path, key: str, *packages: Path) -> None:
    """As `make repository` does."""
    command = ["python3", "build/packages/repository.py", "--key", key, "--url", URL]
    subprocess.run([*command, "--out", str(to), *map(str, packages)], cwd=ROOT, check=True)


@contextmanager
def published_in(folder: Path) -> Iterator[Published]:
    """Both repositories below `folder`, signed by a key that lives as long as the block."""
    home, newer, repository = (folder / name for name in ("gnupg", "newer", "repository"))
    for each in (home, newer, repository):
        each.mkdir()
    home.chmod(0o700)
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GNUPGHOME", str(home))
        made = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key"]
        subprocess.run([*made, "packages@muster.invalid", "rsa3072", "sign", "never"], check=True)
        listed = ["gpg", "--list-secret-keys", "--with-colons"]
        told = subprocess.run(listed, capture_output=True, text=True, check=True).stdout
        key = next(row.split(":")[9] for row in told.splitlines() if row.startswith("fpr"))
        older = tuple(package("agent", kind) for kind in ("deb", "rpm"))
        publish(repository, key, *older)
        yield Published(repository, older, version_of("agent", NEWER, newer), key)
        subprocess.run(["gpgconf", "--kill", "all"], check=True)
