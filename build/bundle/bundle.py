"""The recipe of ``make bundle``: each half as a folder that needs no Python, in ``.bundle``.

The same source and the same build machine give the same bytes: time stamps come from the last
commit (or SOURCE_DATE_EPOCH), and hashing is not random. Built from the locked requirements in an
environment of its own, so that nothing of development gets in.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import runpath

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("MUSTER_BUNDLE_FOLDER", ROOT / ".bundle"))
HALVES = ("agent", "collector")


def main(words: list[str]) -> int:
    halves = words or HALVES
    if unknown := set(halves) - set(HALVES):
        print(f"bundle: no half {min(unknown)!r}; there are agent, collector", file=sys.stderr)
        return 2
    for half in halves:
        bundle = make(half, FOLDER)
        size = sum(file.stat().st_size for file in bundle.rglob("*") if not file.is_symlink())
        print(f"  {bundle}: {size / 1e6:.1f} MB", flush=True)
    return 0


def make(half: str, folder: Path) -> Path:
    """Build one half below `folder`; returns the bundle, which replaces one that was there."""
    recipe = Path("build", half, "bundle.toml")
    name = tomllib.loads((ROOT / recipe).read_text())["name"]
    work = folder / "work"
    shutil.rmtree(work / name, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"),
        *("--workpath", str(work / name), "--distpath", str(work / name / "made")),
        str(ROOT / "build/bundle/onedir.spec"),
    ]
    subprocess.run(command, cwd=ROOT, env=_environment(recipe, work / name), check=True)
    whole = folder / name
    shutil.rmtree(whole, ignore_errors=True)
    (work / name / "made" / name).rename(whole)
    for path in whole.rglob("*"):
        if path.is_file() and not path.is_symlink():
            runpath.drop_absolute(path)
    _settle_modes(whole)
    return whole


def _environment(recipe: Path, work: Path) -> dict[str, str]:
    return {
        **os.environ,
        "MUSTER_RECIPE": str(recipe),
        "PYINSTALLER_CONFIG_DIR": str(work / "cache"),
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": epoch(),
    }


def epoch() -> str:
    """SOURCE_DATE_EPOCH, else the time of the last commit."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return given
    asked = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit("bundle: no git history here: set SOURCE_DATE_EPOCH to the release's time")
    return done.stdout.strip()


def _settle_modes(bundle: Path) -> None:
    """Whatever umask built it: programs 0755, the rest 0644."""
    for path in (bundle, *bundle.rglob("*")):
        if path.is_symlink():
            continue
        runs = path.is_dir() or (path.suffix in ("", ".so") and os.access(path, os.X_OK))
        path.chmod(0o755 if runs else 0o644)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
