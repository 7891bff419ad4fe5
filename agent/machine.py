"""The live machine behind the door: the only place where programs are run and files are read."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import IO

from agent.host import (
    MOST_BYTES,
    TIME_LIMIT,
    Denied,
    FileMissing,
    Os,
    Output,
    Process,
    TimedOut,
    TooLarge,
    ToolFailed,
    ToolMissing,
    text,
)

SYSTEM_FOLDERS = (
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
    "/run/wrappers/bin",
    "/run/current-system/sw/bin",  # NixOS keeps nothing in /usr
)
VENDOR_FOLDERS = (  # antivirus makers put their tools where no PATH looks
    "/opt/CrowdStrike",
    "/opt/sentinelone/bin",
    "/opt/bitdefender-security-tools/bin",
    "/opt/traps/bin",
    "/opt/carbonblack/psc/bin",
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


def this_os() -> Os:
    if sys.platform == "darwin":
        return "macos"
    return "windows" if sys.platform == "win32" else "linux"


class Machine:
    """The computer the agent runs on. Answers to the same command are kept for one observation."""

    def __init__(self) -> None:
        self.os: Os = this_os()
        self._answers: dict[tuple[str, ...], Output] = {}

    def run(self, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT) -> Output:
        if argv not in self._answers:
            self._answers[argv] = _run((_find(argv[0]), *argv[1:]), time_limit)
        output = self._answers[argv]
        if output.exit_status not in ok:
            raise ToolFailed(f"{' '.join(argv)} ended with status {output.exit_status}")
        return output

    def read(self, path: str, limit: int = MOST_BYTES) -> bytes:
        content = _read(path, limit + 1)
        if len(content) > limit:
            raise TooLarge(f"{path} holds more than {limit} bytes")
        return content

    def head(self, path: str, size: int) -> bytes:
        return _read(path, size)

    def list(self, folder: str) -> tuple[str, ...]:
        try:
            return tuple(sorted(entry.name for entry in os.scandir(folder)))
        except OSError as error:
            raise _cannot(folder, error) from error

    def link(self, path: str) -> str:
        try:
            return str(Path(path).readlink())
        except OSError as error:
            raise _cannot(path, error) from error

    def processes(self) -> tuple[Process, ...]:
        return _processes()

    def environment(self, pid: int) -> dict[str, str]:
        content = self.read(f"/proc/{pid}/environ").decode("utf-8", "replace")
        pairs = (entry.partition("=") for entry in content.split("\0") if "=" in entry)
        return {name: value for name, _, value in pairs}


@cache
def _find(program: str) -> str:
    for folder in (*SYSTEM_FOLDERS, *VENDOR_FOLDERS):
        path = f"{folder}/{program}"
        if os.access(path, os.X_OK):
            return path
    raise ToolMissing(f"{program} is not installed")


def _run(argv: tuple[str, ...], time_limit: float) -> Output:
    """Run to the end, to the time limit or to the size limit, whichever comes first."""
    deadline = time.monotonic() + time_limit
    with _start(argv) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = _Drain(process.stdout, process.pid), _Drain(process.stderr, process.pid)
        finished = out.ended(deadline) and err.ended(deadline)
        if not finished:
            _kill(process.pid)
        process.wait()
    command = " ".join(argv)
    if not finished:
        raise TimedOut(f"{command} gave no answer in {time_limit:g} s")
    if out.overflowed or err.overflowed:
        raise TooLarge(f"{command} printed more than {MOST_BYTES} bytes")
    return Output(text(bytes(out.content)), text(bytes(err.content)), process.returncode)


def _start(argv: tuple[str, ...]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise _cannot(argv[0], error) from error


def _kill(group: int) -> None:
    """End the command and everything it started; it may have ended by itself meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


class _Drain:
    """Reads one stream of a command in a thread; past the cap it ends the command."""

    def __init__(self, stream: IO[bytes], group: int) -> None:
        self.content = bytearray()
        self.overflowed = False
        self._thread = threading.Thread(target=self._read, args=(stream, group), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[bytes], group: int) -> None:
        while part := os.read(stream.fileno(), 1 << 16):
            self.content += part
            if len(self.content) > MOST_BYTES:
                self.overflowed = True
                _kill(group)
                return

    def ended(self, deadline: float) -> bool:
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()


def _read(path: str, most: int) -> bytes:
    """Read at most `most` bytes of a regular file; anything else is not even opened."""
    try:
        with os.fdopen(_opened(path), "rb", buffering=0) as file:
            return _read_up_to(file, most)
    except OSError as error:
        raise _cannot(path, error) from error


def _opened(path: str) -> int:
    """Looked at before it is opened: a person's file may be a link to a watchdog or a tape.

    O_PATH (open(2)) names the file without opening it, so that nobody can exchange it in between.
    """
    plain = os.O_RDONLY | os.O_CLOEXEC
    if sys.platform != "linux":
        _require_file(path, Path(path).stat())
        return os.open(path, plain)
    named = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _require_file(path, os.fstat(named))
        return os.open(f"/proc/self/fd/{named}", plain)
    finally:
        os.close(named)


def _require_file(path: str, seen: os.stat_result) -> None:
    if not stat.S_ISREG(seen.st_mode):
        raise FileMissing(f"{path} is not a regular file")


def _read_up_to(file: IO[bytes], most: int) -> bytes:
    parts: list[bytes] = []
    while most > 0 and (part := file.read(min(most, 1 << 20))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _cannot(path: str, error: OSError) -> Exception:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return FileMissing(f"{path} does not exist")
    if isinstance(error, PermissionError):
        return Denied(f"{path} may not be read by this account")
    return ToolFailed(f"{path}: {error.strerror}")


def _processes() -> tuple[Process, ...]:
    if sys.platform == "linux":
        from agent.processes import running

        found = list(running())
    else:
        found = _by_psutil()
    if not found:
        raise Denied("the list of processes may not be read by this account")
    return tuple(found)


def _by_psutil() -> list[Process]:
    import psutil

    found = []
    fields = ["pid", "name", "username", "exe", "cmdline"]
    for process in psutil.process_iter(fields, ad_value=None):
        seen = process.info
        arguments = tuple(seen["cmdline"]) if seen["cmdline"] is not None else None
        name = seen["name"] or ""
        found.append(Process(seen["pid"], name, seen["username"], seen["exe"] or None, arguments))
    return found
