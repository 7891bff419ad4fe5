"""Runs one program to its end, its time limit or its size limit, and waits for nothing after that.

A program that was killed can still hang: in the kernel, on a file system that does not answer. It
is left behind then, and collected when it ends.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import IO

from agent.files import cannot
from agent.host import MOST_BYTES, Output, TimedOut, TooLarge, text
from agent.windows import programs

SYSTEM_FOLDERS = (
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
    "/run/wrappers/bin",
    "/run/current-system/sw/bin",  # NixOS keeps nothing in /usr
)
ENVIRONMENT = {
    "PATH": ":".join(SYSTEM_FOLDERS),
    "LC_ALL": "C",
    "LANG": "C",
    "LANGUAGE": "",
    "TZ": "UTC",
    "PAGER": "cat",
    "SYSTEMD_PAGER": "cat",
    "HOME": "/nonexistent",  # no tool may read a user's settings on our behalf
}
GRACE_SECONDS = 1.0
"""What a killed program gets to end."""


def run_program(
    argv: tuple[str, ...],
    time_limit: float,
    decode: Callable[[bytes], str] | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Output:
    """`argv[0]` is a path; `more` is added to its environment, which else holds nothing of ours.

    Raises FileMissing, Denied, TimedOut, TooLarge, ToolFailed.

    A TimedOut carries what had been printed by then.
    """
    decode = decode or _printed
    deadline = time.monotonic() + time_limit
    process = _start(argv, more)
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = _Drain(process.stdout, process.pid), _Drain(process.stderr, process.pid)
    answered = out.ended(deadline) and err.ended(deadline) and ended(process, deadline)
    if not answered:
        _kill(process.pid)
        ended(process, time.monotonic() + GRACE_SECONDS)
    command = " ".join(argv)
    if out.overflowed or err.overflowed:
        raise TooLarge(f"{command} printed more than {MOST_BYTES} bytes")
    said = decode(bytes(out.content))
    if not answered:
        raise TimedOut(f"{command} gave no answer in {time_limit:g} s", so_far=said)
    return Output(said, decode(bytes(err.content)), process.returncode)


def _printed(content: bytes) -> str:
    if sys.platform == "win32":
        return programs.printed(content, programs.console_page())
    return text(content)


def _start(argv: tuple[str, ...], more: Mapping[str, str]) -> subprocess.Popen[bytes]:
    environment, folder, flags = ENVIRONMENT, "/", 0
    if sys.platform == "win32":
        folder = programs.system_root()
        environment = programs.environment(folder)
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment | dict(more),
            cwd=folder,
            start_new_session=True,
            creationflags=flags,
        )
    except OSError as error:
        raise cannot(argv[0], error) from error


def _kill(group: int) -> None:
    """End the command and everything it started; it may have ended by itself meanwhile."""
    if sys.platform == "win32":
        _kill_tree(group)
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _kill_tree(pid: int) -> None:
    """Windows has no groups to kill: the process first, so that it starts nothing more."""
    import psutil

    with contextlib.suppress(psutil.Error):
        first = psutil.Process(pid)
        started = first.children(recursive=True)
        for process in (first, *started):
            with contextlib.suppress(psutil.Error):
                process.kill()


def ended(process: subprocess.Popen[bytes], deadline: float) -> bool:
    """Whether it has ended by then; one that has closed its output may still run."""
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


class _Drain:
    """Reads one stream of a command in a thread; past the cap it ends the command."""

    def __init__(self, stream: IO[bytes], group: int) -> None:
        self.content = bytearray()
        self.overflowed = False
        self._thread = threading.Thread(target=self._read, args=(stream, group), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[bytes], group: int) -> None:
        with stream:
            while part := os.read(stream.fileno(), 1 << 16):
                self.content += part
                if len(self.content) > MOST_BYTES:
                    self.overflowed = True
                    _kill(group)
                    return

    def ended(self, deadline: float) -> bool:
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()
