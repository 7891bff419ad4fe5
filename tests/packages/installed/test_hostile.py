"""The installed agent, run by root, where somebody has planted what they could."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packages.installed.built import package
from tests.packages.installed.publishing import version_of
from tests.packages.installed.roots import System, system

PLANTED = 'import pathlib; pathlib.Path("/tmp/ran").write_text(__file__)\n'
CONSTRUCTOR = """
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
__attribute__((constructor)) static void told(void) {
  char program[4096];
  long size = readlink("/proc/self/exe", program, sizeof program - 1);
  int to = open("/tmp/loaded", O_WRONLY | O_CREAT | O_APPEND, 0666);
  program[size++] = '\\n';
  if (to < 0 || write(to, program, size) < 0) return;
  close(to);
}
"""
KILLS = 24


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    shared = tmp_path_factory.mktemp("shared")
    shared.parent.chmod(0o755)
    shared.chmod(0o755)
    shutil.copy(package("agent", "deb"), shared / "older.deb")
    shutil.copy(version_of("agent", "9.9.9", shared)[1], shared / "newer.deb")
    with system("bookworm", shared) as made:
        made.must("dpkg", "-i", "/mnt/repository/older.deb")
        made.must("useradd", "--create-home", "alice")
        evil = made.root / "tmp/evil"
        evil.mkdir()
        _plant(evil)
        yield made


def _plant(evil: Path) -> None:
    for name in ("json", "sitecustomize", "usercustomize", "agent", "argparse", "encodings"):
        (evil / f"{name}.py").write_text(PLANTED)
    for tool in ("lsblk", "nft", "ip", "systemctl", "id", "apt-get", "dpkg-query", "sh"):
        (evil / tool).write_text("#!/bin/bash\necho planted > /tmp/ran\n")
        (evil / tool).chmod(0o755)
    (evil / "constructor.c").write_text(CONSTRUCTOR)
    library = str(evil / "libtold.so")
    subprocess.run(
        ["cc", "-shared", "-fPIC", str(evil / "constructor.c"), "-o", library], check=True
    )
    for name in ("libpython3.11.so.1.0", "libz.so.1", "libssl.so.3", "libcrypto.so.3"):
        shutil.copy(library, evil / name)
    evil.chmod(0o777)


def names(machine: System, folder: str) -> list[str]:
    return sorted(path.name for path in (machine.root / folder).iterdir())


LINKED = "install -d -o alice /home/alice/s; ln -s /home/alice/s /var/lib/muster-agent"
SETTINGS = {
    "PATH": "/tmp/evil:/usr/bin:/bin",
    "PYTHONPATH": "/tmp/evil",
    "PYTHONHOME": "/tmp/evil",
    "PYTHONSTARTUP": "/tmp/evil/json.py",
    "PYTHONINSPECT": "1",
    "LD_LIBRARY_PATH": "/tmp/evil",
    "_MEIPASS2": "/tmp/evil",
    "_PYI_APPLICATION_HOME_DIR": "/tmp/evil",
    "_PYI_ARCHIVE_FILE": "/tmp/evil/json.py",
    "TMPDIR": "/tmp/evil",
    "HOME": "/tmp/evil",
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_nothing_planted_is_run(setting: str, machine: System) -> None:
    ran = machine.root / "tmp/ran"
    ran.unlink(missing_ok=True)
    before = names(machine, "tmp/evil")
    script = (
        f'cd /tmp/evil; export {setting}="{SETTINGS[setting]}"; exec /usr/bin/muster-agent check'
    )
    said = machine.run("/bin/bash", "-c", script)
    assert (said.status, said.errors) == (0, "")
    assert not ran.exists(), ran.read_text()
    assert names(machine, "tmp/evil") == before
    assert not (machine.root / "tmp/loaded").exists()


def test_a_library_that_is_forced_upon_everything_reaches_neither_agent_nor_tools(
    machine: System,
) -> None:
    """The shell that starts it is out of our hands; it passes nothing on."""
    script = "LD_PRELOAD=/tmp/evil/libtold.so exec /usr/bin/muster-agent check"
    said = machine.run("/bin/bash", "-c", script)
    assert said.status == 0
    loaded = machine.root / "tmp/loaded"
    programs = {Path(line).name for line in loaded.read_text().splitlines()}
    loaded.unlink()
    assert programs <= {"dash", "sh", "bash"}


def test_it_unpacks_nothing_into_a_folder_of_others(machine: System) -> None:
    """What a one-file program would do at each start, into names that can be taken first."""
    taken = machine.root / "tmp/_MEI123456"
    taken.mkdir(mode=0o777)
    before = names(machine, "tmp")
    machine.must("muster-agent", "check")
    assert names(machine, "tmp") == before
    assert list(taken.iterdir()) == []


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        ("mkdir /var/lib/muster-agent; chown alice /var/lib/muster-agent", "another account"),
        ("mkdir -m 777 /var/lib/muster-agent", "written by others"),
        (LINKED, "another account"),
    ],
)
def test_a_state_that_was_there_before_is_refused(plant: str, said: str, machine: System) -> None:
    machine.must("/bin/sh", "-c", plant)
    try:
        for words in (("enroll",), ("run", "--once"), ("report",)):
            refused = machine.run("muster-agent", *words, given="muster1_AAAA")
            assert refused.status != 0
            assert said in refused.errors or "enrollment string" in refused.errors, words
        assert said in machine.run("muster-agent", "run", "--once").errors
    finally:
        machine.must("/bin/sh", "-c", "rm -rf /var/lib/muster-agent /home/alice/s")


@pytest.mark.parametrize(
    "tool",
    ["sleep 600", "yes planted", "echo error: cannot; exit 0", "kill -9 $$", "cat /dev/zero"],
)
def test_tools_that_hang_flood_or_lie_end_in_a_reason(tool: str, machine: System) -> None:
    lsblk = machine.root / "usr/bin/lsblk"
    kept = machine.root / "usr/bin/lsblk.kept"
    lsblk.rename(kept)
    try:
        lsblk.write_text(f"#!/bin/sh\n{tool}\n")
        lsblk.chmod(0o755)
        said = machine.run("muster-agent", "check", "--signal", "disk_encryption", seconds=120)
        assert (said.status, said.errors) == (0, "")
        assert "Traceback" not in said.out
    finally:
        kept.rename(lsblk)


@pytest.mark.parametrize("file", ["etc/os-release", "etc/fstab", "etc/crypttab", "etc/hostname"])
@pytest.mark.parametrize("kind", ["fifo", "device", "loop"])
def test_files_that_are_none_do_not_hold_it_up(file: str, kind: str, machine: System) -> None:
    path = machine.root / file
    kept = machine.root / "kept"
    there = os.path.lexists(path)
    if there:
        path.rename(kept)
    try:
        if kind == "fifo":
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero" if kind == "device" else path.name)
        said = machine.run("muster-agent", "check", seconds=120)
        assert (said.status, said.errors) == (0, "")
    finally:
        path.unlink()
        if there:
            kept.rename(path)


def test_only_root_may_write_what_is_installed(machine: System) -> None:
    told = machine.must("dpkg", "-L", "muster-agent").split()
    for name in told:
        path = machine.root / name.removeprefix("/")
        seen = path.lstat()
        assert (seen.st_uid, seen.st_gid) == (0, 0), name
        assert path.is_symlink() or seen.st_mode & 0o022 == 0, name
        assert seen.st_mode & 0o6000 == 0, name


def test_root_runs_no_program_that_others_can_change(machine: System) -> None:
    (program,) = (p for p in (machine.root / "usr/lib/muster-agent").iterdir() if p.is_dir())
    opened = program / "_internal"
    opened.chmod(0o757)
    try:
        for words in (("check",), ("run", "--once"), ("status",)):
            refused = machine.run("muster-agent", *words)
            assert (refused.status, refused.errors.count("\n")) == (1, 1)
            assert "_internal can be written by others" in refused.errors
    finally:
        opened.chmod(0o755)
    assert machine.run("muster-agent", "check").status == 0


def test_an_upgrade_killed_at_any_moment_leaves_a_program_that_runs(machine: System) -> None:
    """dpkg and all it started, by its group, as early as possible and later each time."""
    seen = set()
    for number in range(KILLS):
        archive = f"/mnt/repository/{'newer' if number % 2 == 0 else 'older'}.deb"
        script = f"setsid --wait timeout -s KILL {0.1 + number * 0.06:.2f} dpkg -i {archive}"
        machine.run("/bin/sh", "-c", script)
        assert machine.must("muster-agent", "--version").startswith("muster-agent ")
        assert machine.run("muster-agent", "check", "--signal", "firewall").status == 0
        started = (machine.root / "usr/lib/muster-agent/start").read_text().split("/")[-2]
        seen.add((started, len(list((machine.root / "usr/lib/muster-agent").iterdir())) - 1))
        machine.run("/bin/sh", "-c", f"dpkg -i {archive}")
    print(f"\nkilled {KILLS} times; the program named and the folders there: {sorted(seen)}")
    assert len(seen) > 1
