"""What `make packages` has built, and programs of it run as they would be run."""

import atexit
import functools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
BUNDLES = Path(os.environ.get("MUSTER_BUNDLE_FOLDER", ROOT / ".bundle"))
DIST = Path(os.environ.get("MUSTER_DIST", ROOT / "dist"))
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
READY_SECONDS = 90.0


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    errors: str


@functools.cache
def bundled(name: str) -> Path:
    """The program in its bundle, root's where root runs it. Raises where nothing was built."""
    program = BUNDLES / name / name
    if not program.exists():
        raise FileNotFoundError(f"{program} is missing: make packages")
    owners = {place.lstat().st_uid for place in (program, *program.parents)}
    return program if owners == {0} or os.geteuid() else _taken_over(program.parent) / name


def _taken_over(bundle: Path) -> Path:
    """A copy that is root's, as an installation makes one: root runs no program of others."""
    kept = Path(tempfile.mkdtemp(prefix="muster-packages-", dir="/var/lib"))
    atexit.register(shutil.rmtree, kept)
    copy = kept / bundle.name
    subprocess.run(["cp", "-r", "--no-dereference", str(bundle), str(copy)], check=True)
    return copy


def package(half: str, kind: str) -> Path:
    found = sorted(DIST.glob(f"muster-{half}[-_]*.{kind}"))
    if not found:
        raise FileNotFoundError(f"no .{kind} of muster-{half} in {DIST}: make packages")
    return found[-1]


def run(
    *command: str | Path, given: str = "", more: Mapping[str, str] | None = None, seconds: int = 300
) -> Said:
    """With an environment that has no Python of ours in it."""
    done = subprocess.run(
        [str(word) for word in command], input=given, capture_output=True, text=True,
        env=CLEAN | dict(more or {}), timeout=seconds, check=False, cwd="/",
    )  # fmt: skip
    return Said(done.returncode, done.stdout, done.stderr)


def must(*command: str | Path, given: str = "", seconds: int = 600) -> str:
    said = run(*command, given=given, seconds=seconds)
    assert said.status == 0, f"{command} ended with {said.status}: {said.errors}{said.out}"
    return said.out


@dataclass(frozen=True)
class Serving:
    """A bundled collector that serves on ports of loopback."""

    program: Path
    data: Path
    addresses: Mapping[str, Any]

    def run(self, *words: str | Path) -> Said:
        return run(self.program, "--data", self.data, *words)

    def token(self) -> str:
        return self.run("token", "create", "--string-only").out


@contextmanager
def serving(folder: Path) -> Iterator[Serving]:
    program, data = bundled("muster-collector"), folder / "collector"
    listeners = [w for name in ("check-in", "enroll", "web") for w in (f"--{name}", "127.0.0.1:0")]
    command = [program, "--data", data, "serve", *listeners]
    with (folder / "collector.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=CLEAN, cwd="/")
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not (data / "serving.json").exists():
            assert process.poll() is None, (folder / "collector.log").read_text()
            assert time.monotonic() < deadline, (folder / "collector.log").read_text()
            time.sleep(0.1)
        yield Serving(program, data, json.loads((data / "serving.json").read_text()))
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is only ours, on every parent as well."""
    folder = Path(tempfile.mkdtemp(prefix="muster-packages-", dir="/var/lib"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
