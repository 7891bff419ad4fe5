"""The door to the live machine: every question ends within its limits, in an answer or a reason."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from agent import execution, machine
from agent.host import Denied, FileMissing, TimedOut, TooLarge, ToolFailed, ToolMissing
from agent.machine import Machine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="drives Linux programs")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that the door may find."""
    monkeypatch.setattr(machine, "SYSTEM_FOLDERS", (str(tmp_path), "/usr/bin", "/bin"))
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_a_program_is_run_without_shell_in_the_c_locale(tools: Path) -> None:
    program(tools, "speaks-one", 'echo "$LC_ALL:$1:$HOME"')
    assert Machine().run("speaks-one", "$(id)").text == "C:$(id):/nonexistent\n"


def test_nothing_of_our_environment_reaches_a_program(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_PRELOAD_PROBE", "leaked")
    program(tools, "speaks-two", 'echo "[$LD_PRELOAD_PROBE]"')
    assert Machine().run("speaks-two").text == "[]\n"


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ToolMissing, match="no-such-program is not installed"):
        Machine().run("no-such-program")


def test_a_hanging_program_is_ended_with_all_it_started(tools: Path, tmp_path: Path) -> None:
    program(tools, "hangs", f"sleep 600 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(TimedOut, match=r"hangs gave no answer in 0\.5 s"):
        Machine().run("hangs", time_limit=0.5)
    assert has_ended(int((tmp_path / "child").read_text()))


def has_ended(pid: int) -> bool:
    """Gone, or dead and waiting for its parent; a kill takes the kernel a moment."""
    try:
        _, alive = psutil.wait_procs([psutil.Process(pid)], timeout=5)
        return all(process.status() == psutil.STATUS_ZOMBIE for process in alive)
    except psutil.NoSuchProcess:
        return True


def test_a_program_that_leaves_a_child_holding_its_output_does_not_hang_us(tools: Path) -> None:
    program(tools, "leaves", "echo answer; sleep 600 &")
    with pytest.raises(TimedOut):
        Machine().run("leaves", time_limit=0.5)


def test_a_program_that_closes_its_output_and_runs_on_does_not_hang_us(tools: Path) -> None:
    program(tools, "closes", "exec >&- 2>&-; sleep 600")
    with pytest.raises(TimedOut):
        Machine().run("closes", time_limit=0.5)


def test_a_program_that_cannot_even_be_killed_is_left_behind() -> None:
    """As one that waits in the kernel for a file system that does not answer."""

    class Unkillable(subprocess.Popen[bytes]):
        def __init__(self) -> None: ...

        def __del__(self) -> None: ...

        def wait(self, timeout: float | None = None) -> int:
            assert timeout is not None, "waits for ever"
            raise subprocess.TimeoutExpired("unkillable", timeout)

    assert not execution.ended(Unkillable(), deadline=0.0)


def test_a_program_that_hung_is_not_asked_again_in_the_same_look(
    tools: Path, tmp_path: Path
) -> None:
    program(tools, "hangs-once", f"echo x >> {tmp_path}/calls; sleep 600")
    host = Machine()
    for _ in range(2):
        with pytest.raises(TimedOut):
            host.run("hangs-once", time_limit=0.5)
    assert (tmp_path / "calls").read_text() == "x\n"


def test_a_flood_is_cut_and_is_no_answer(tools: Path) -> None:
    program(tools, "floods", "exec yes")
    with pytest.raises(TooLarge):
        Machine().run("floods", time_limit=30)


def test_an_unexpected_exit_status_is_a_failure_and_an_expected_one_is_not(tools: Path) -> None:
    program(tools, "fails", "echo said; exit 3")
    host = Machine()
    with pytest.raises(ToolFailed, match="ended with status 3"):
        host.run("fails")
    assert host.run("fails", ok=(0, 3)).text == "said\n"


def test_one_observation_asks_a_program_once(tools: Path, tmp_path: Path) -> None:
    program(tools, "counts", f"echo x >> {tmp_path}/calls")
    host = Machine()
    host.run("counts")
    host.run("counts")
    assert (tmp_path / "calls").read_text() == "x\n"


def test_binary_output_is_an_answer_not_a_crash(tools: Path) -> None:
    program(tools, "binary", r"printf '\377\376ok'")
    assert Machine().run("binary").text.endswith("ok")


def test_a_file_larger_than_its_limit_is_refused_and_its_head_is_not(tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(b"x" * 100)
    with pytest.raises(TooLarge):
        Machine().read(str(file), 99)
    assert Machine().read(str(file), 100) == b"x" * 100
    assert Machine().head(str(file), 4) == b"xxxx"


def test_a_fifo_does_not_block_and_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(FileMissing, match="not a regular file"):
        Machine().read(str(tmp_path / "fifo"))


@pytest.mark.parametrize("path", ["nowhere", "file/below-a-file"])
def test_a_missing_path_is_named(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileMissing, match="does not exist"):
        Machine().read(str(tmp_path / path))


@pytest.fixture
def plain_user() -> Iterator[None]:
    """Root may read everything: be somebody else meanwhile."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


def test_a_file_we_may_not_read_is_denied(plain_user: None) -> None:
    with pytest.raises(Denied, match="may not be read by this account"):
        Machine().read("/etc/shadow")


def test_our_own_process_and_environment_are_seen() -> None:
    host = Machine()
    ours = [process for process in host.processes() if process.pid == os.getpid()]
    assert ours
    assert ours[0].arguments
    assert "PATH" in host.environment(os.getpid())


def test_what_is_no_file_is_not_even_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening a watchdog device restarts the computer a minute later."""
    os.mkfifo(tmp_path / "device")
    (tmp_path / "settings").symlink_to("device")
    real = os.open
    opened: list[str] = []

    def watched(path: str, flags: int, *more: int) -> int:
        if not flags & os.O_PATH:
            opened.append(path)
        return real(path, flags, *more)

    monkeypatch.setattr("os.open", watched)
    with pytest.raises(FileMissing, match="not a regular file"):
        Machine().read(str(tmp_path / "settings"))
    assert not opened


def test_arguments_of_any_length_cost_little_and_are_not_guessed(tmp_path: Path) -> None:
    words = ["x" * 100_000] * 5
    with subprocess.Popen(["/bin/sleep", "60"], stdin=subprocess.DEVNULL) as short:
        long = subprocess.Popen(["/bin/sh", "-c", "read line", *words], stdin=subprocess.PIPE)
        try:
            seen = {process.pid: process for process in Machine().processes()}
        finally:
            short.kill()
            long.communicate(b"\n")
    assert seen[short.pid].arguments == ("/bin/sleep", "60")
    assert seen[long.pid].name == "sh"
    assert seen[long.pid].arguments is None


def test_a_process_that_has_ended_and_waits_to_be_collected_does_not_run() -> None:
    ended = subprocess.Popen(["/bin/sleep", "60"])
    ended.kill()
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert ended.pid not in {process.pid for process in Machine().processes()}
    ended.wait()


def test_the_executable_is_never_taken_from_what_a_process_calls_itself(
    plain_user: None,
) -> None:
    first = next(process for process in Machine().processes() if process.pid == 1)
    assert first.user == "root"
    assert first.arguments
    assert first.executable is None
