"""The disk of the audit log is full: nothing privileged is done, check-ins go on (T59)."""

import contextlib
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet import CollectorProcess
from tests.together.test_main_job import Person, Together


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """What will be the folder of the log: a disk of its own, of 256 kB."""
    disk = tmp_path / "data" / "audit"
    disk.mkdir(parents=True, mode=0o700)
    (tmp_path / "data").chmod(0o700)
    command = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", str(disk)]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {tried.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def together(tmp_path: Path, small_disk: Path) -> Iterator[Together]:
    assert small_disk.is_mount()
    collector = CollectorProcess(tmp_path / "data", tmp_path / "collector.log")
    job = Together(tmp_path, collector, collector.start())
    job.must("agent", "enroll", given=job.must("collector", "token", "create", "--string-only"))
    job.must("agent", "report")
    yield job
    collector.kill()


@pytest.fixture
def with_standby(tmp_path: Path, small_disk: Path) -> Iterator[Together]:
    assert small_disk.is_mount()
    second = tmp_path / "second"
    second.mkdir()
    settings = tmp_path / "data" / "collector.toml"
    settings.write_text(f'[audit]\nstandby = "{second}"\n')
    collector = CollectorProcess(tmp_path / "data", tmp_path / "collector.log")
    job = Together(tmp_path, collector, collector.start())
    job.must("agent", "enroll", given=job.must("collector", "token", "create", "--string-only"))
    yield job
    collector.kill()


def status_of(person: Person, path: str) -> int:
    try:
        person.get(path)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def fill(disk: Path, person: Person) -> None:
    """To the last byte: what is left of the log's last page is filled by the log itself."""
    with (disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(4_096))
    for _ in range(100):
        if status_of(person, "/devices") != 200:
            return
    raise AssertionError("the disk never became full")


def test_what_cannot_be_written_down_is_refused_and_check_ins_go_on(
    together: Together, small_disk: Path
) -> None:
    person = Person(together)
    person.settle_in()
    assert status_of(person, "/devices") == 200
    string = together.must("collector", "token", "create", "--string-only", "--uses", "9")
    before = together.device()
    fill(small_disk, person)

    assert status_of(person, "/devices") == 503
    for words in (
        ("device", "retire", before["device_id"], "--yes"),
        ("devices",),
        ("token", "create"),
        ("export", "--out", str(together.scratch / "out")),
    ):
        refused = together.run("collector", *words)
        assert refused.returncode == 1, words
        assert "cannot be written (No space left on device)" in refused.stderr
    assert not (together.scratch / "out").exists()
    again = [sys.executable, "-m", "agent", "enroll", "--state", str(together.scratch / "second")]
    enrolled = subprocess.run(again, input=string, capture_output=True, text=True, check=False)
    assert enrolled.returncode == 1
    assert "cannot write its audit log" in enrolled.stderr
    together.must("agent", "report")
    assert "This look is not written down" in together.run("collector", "incident", "list").stderr

    (small_disk / "filler").unlink()
    assert status_of(person, "/devices") == 200
    said = together.must("collector", "audit", "verify")
    assert "nothing was changed, removed or added" in said
    after = together.device()
    assert after["last_seen_at"] > before["last_seen_at"]
    assert "retired" not in after.get("state", "")


def test_with_a_standby_all_goes_on_through_a_kill_and_both_folders_agree_again(
    with_standby: Together, small_disk: Path, tmp_path: Path
) -> None:
    """The disk is full, the collector is killed and starts again on it; then there is room."""
    job, second, note = with_standby, tmp_path / "second", tmp_path / "data" / "audit.alone"
    person = Person(job)
    person.settle_in()
    with (small_disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(4_096))
    for _ in range(100):
        assert status_of(person, "/devices") == 200
        if note.exists():
            break
    assert note.exists()
    device = job.device()["device_id"]
    job.must("collector", "device", "retire", device, "--yes")
    job.must("collector", "export", "--out", str(job.scratch / "out"))
    assert "device.retired" in job.must("collector", "audit", "list")
    assert "nothing was changed" in job.must("collector", "audit", "verify")
    job.collector.kill()
    job.collector.start()
    assert note.exists()
    job.must("collector", "token", "create")
    (small_disk / "filler").unlink()
    job.must("collector", "token", "create")
    assert not note.exists()
    for path in second.glob("*.log"):
        assert (small_disk / path.name).read_bytes() == path.read_bytes()
    listed = job.must("collector", "audit", "list")
    assert listed.index("device.retired") < listed.rindex("audit.sink")
    assert "nothing was changed" in job.must("collector", "audit", "verify")
