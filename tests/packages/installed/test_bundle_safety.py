"""A bundle brings no way in: its own libraries only, nothing of the build machine, no test code."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages.installed.built import BUNDLES, ROOT, bundled

sys.path.append(str(ROOT / "build/bundle"))

import runpath

HALVES = ("muster-agent", "muster-collector")


@pytest.mark.parametrize("name", HALVES)
def test_no_library_is_looked_for_where_the_build_machine_had_it(name: str) -> None:
    files = [f for f in (BUNDLES / name).rglob("*") if f.is_file() and not f.is_symlink()]
    named = {f.name: runpath.searched(f) for f in files if runpath.searched(f)}
    strange = {f: p for f, p in named.items() if not all(one.startswith("$ORIGIN") for one in p)}
    assert strange == {}


@pytest.mark.parametrize("name", HALVES)
def test_nothing_of_the_bundle_names_a_folder_of_the_build_machine(name: str) -> None:
    for file in (BUNDLES / name).rglob("*"):
        if file.is_file():
            assert str(ROOT).encode() not in file.read_bytes(), file


@pytest.mark.parametrize("name", HALVES)
def test_only_its_owner_may_write_what_is_bundled(name: str) -> None:
    for path in [BUNDLES / name, *(BUNDLES / name).rglob("*")]:
        if not path.is_symlink():
            assert path.stat().st_mode & 0o022 == 0, path


def test_an_absolute_folder_is_dropped_and_the_program_still_runs(tmp_path: Path) -> None:
    program = tmp_path / "program"
    source = tmp_path / "program.c"
    source.write_text("int main(void) { return 7; }\n")
    linked = ["cc", str(source), "-o", str(program)]
    subprocess.run([*linked, "-Wl,-rpath,/home/builder/lib", "-Wl,-z,now"], check=True)
    assert runpath.searched(program) == ["/home/builder/lib"]
    assert runpath.drop_absolute(program)
    assert runpath.searched(program) == []
    assert subprocess.run([str(program)], check=False).returncode == 7
    assert not runpath.drop_absolute(program)


def test_what_is_no_elf_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_bytes(b"\x7fELF" + struct.pack("<B", 1) + b"rest")
    assert not runpath.drop_absolute(file)
    assert bundled("muster-agent").exists()
