"""The console script stands on whatever it finds: missing packages, a narrow encoding."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from collector.store import Store

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
from collector.__main__ import main
sys.argv = ["muster-collector", *{words!r}]
main()
"""


def run(command: list[str], **variables: str) -> subprocess.CompletedProcess[bytes]:
    given = os.environ | variables
    return subprocess.run(command, capture_output=True, env=given, check=False, cwd=ROOT)


def test_the_console_script_is_the_guarded_one() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts["muster-collector"] == "collector.__main__:main"


@pytest.mark.parametrize("absent", ["click", "sqlalchemy"])
def test_without_its_requirements_it_says_which_to_install(absent: str, tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    words = ["--data", str(tmp_path), "devices"]
    told = run([sys.executable, "-c", WITHOUT.format(absent=absent, words=words)])
    assert (told.returncode, told.stdout) == (1, b"")
    (line,) = told.stderr.decode().splitlines()
    assert line.startswith("muster-collector: the collector's requirements are not installed here")
    assert line.endswith(": pip install --require-hashes -r requirements/collector.txt")


def test_a_missing_part_of_our_own_is_a_defect_and_not_hidden() -> None:
    told = run([sys.executable, "-c", WITHOUT.format(absent="collector.cli", words=[])])
    assert b"ModuleNotFoundError" in told.stderr


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_what_the_encoding_cannot_show_is_replaced(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "→.toml"
    command = [sys.executable, "-m", "collector", "policy", "check", str(file)]
    file.write_text("stale_after_days = 9\n")
    told = run(command, PYTHONIOENCODING=encoding, PYTHONUTF8="1")
    shown = "→" if encoding == "utf-8" else "?"
    assert (told.returncode, told.stderr) == (0, b"")
    assert f"{shown}.toml is sound" in told.stdout.decode(encoding)
    file.write_text("nonsense = 9\n")
    told = run(command, PYTHONIOENCODING=encoding, PYTHONUTF8="1")
    assert told.returncode == 2
    assert f"{shown}.toml:1: " in told.stderr.decode(encoding)
    assert b"Traceback" not in told.stderr
