"""The live machine behind the door: the only place where programs are run and files are read."""

import os
import sys
from collections.abc import Collection
from datetime import datetime
from functools import cache
from pathlib import Path

from agent import files
from agent.budget import Budget
from agent.execution import SYSTEM_FOLDERS, run_program
from agent.files import Places
from agent.host import (
    MOST_BYTES,
    TIME_LIMIT,
    CannotTell,
    Denied,
    Os,
    Output,
    Process,
    RegistryValue,
    Row,
    TooLarge,
    ToolFailed,
    ToolMissing,
)
from agent.macos.programs import FOLDERS, in_session, of_root
from agent.windows import powershell, programs, registry

VENDOR_FOLDERS = (  # tools that their makers put where no PATH looks
    "/opt/CrowdStrike",
    "/opt/sentinelone/bin",
    "/opt/bitdefender-security-tools/bin",
    "/opt/traps/bin",
    "/opt/carbonblack/psc/bin",
    "/usr/lib/update-notifier",
)


def this_os() -> Os:
    if sys.platform == "darwin":
        return "macos"
    return "windows" if sys.platform == "win32" else "linux"


class Machine:
    """The computer the agent runs on. Answers to the same command are kept for one observation."""

    def __init__(self, places: Places | None = None, budget: Budget | None = None) -> None:
        self.os: Os = this_os()
        self._places = places or Places()
        self._budget = budget or Budget()
        self._answers: dict[tuple[str, ...], Output | CannotTell] = {}
        self._cim: powershell.Answers | None = None

    def run(self, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT) -> Output:
        if argv not in self._answers:
            self._answers[argv] = self._asked(argv, time_limit)
        output = self._answers[argv]
        if isinstance(output, CannotTell):
            raise output
        if output.exit_status not in ok:
            raise ToolFailed(f"{' '.join(argv)} ended with status {output.exit_status}")
        return output

    def _asked(self, argv: tuple[str, ...], time_limit: float) -> Output | CannotTell:
        """One that hung is not asked a second time either."""
        try:
            return self._run((_find(argv[0]), *argv[1:]), time_limit)
        except CannotTell as trouble:
            return trouble

    def _run(self, argv: tuple[str, ...], time_limit: float) -> Output:
        return run_program(argv, self._budget.granted(" ".join(argv), time_limit))

    def read(self, path: str, limit: int = MOST_BYTES) -> bytes:
        content = self.head(path, limit + 1)
        if len(content) > limit:
            raise TooLarge(f"{path} holds more than {limit} bytes")
        return content

    def head(self, path: str, size: int) -> bytes:
        return self._places.ask(path, lambda: files.read(path, size), self._budget)

    def list(self, folder: str) -> tuple[str, ...]:
        return self._places.ask(folder, lambda: files.names(folder), self._budget)

    def link(self, path: str) -> str:
        return self._places.ask(path, lambda: files.target(path), self._budget)

    def modified_at(self, path: str) -> datetime:
        return self._places.ask(path, lambda: files.modified_at(path), self._budget)

    def processes(self) -> tuple[Process, ...]:
        return self._places.aside("/proc", _processes, self._budget)

    def environment(self, pid: int) -> dict[str, str]:
        content = self.read(f"/proc/{pid}/environ").decode("utf-8", "replace")
        pairs = (entry.partition("=") for entry in content.split("\0") if "=" in entry)
        return {name: value for name, _, value in pairs}

    def run_in_session(
        self, uid: int, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT
    ) -> Output:
        if sys.platform == "win32":
            raise ToolMissing(f"{argv[0]}: only macOS runs programs in a person's session")
        own = os.geteuid()
        whole = in_session(uid, own, (_find(argv[0]), *argv[1:]))
        return self.run(*whole, ok=ok, time_limit=time_limit)

    def registry(self, key: str, name: str) -> RegistryValue:
        return registry.value(key, name)

    def subkeys(self, key: str) -> tuple[str, ...]:
        return registry.subkeys(key)

    def cim(self, question: str) -> tuple[Row, ...]:
        if self._cim is None:
            self._cim = self._ask_powershell()
        return self._cim.rows(question)

    def _ask_powershell(self) -> powershell.Answers:
        try:
            program = _find(powershell.PROGRAM)
        except ToolMissing as trouble:
            return powershell.answers("", trouble)
        return powershell.ask(self._run_powershell, program)

    def _run_powershell(self, argv: tuple[str, ...], time_limit: float) -> Output:
        seconds = self._budget.granted(powershell.PROGRAM, time_limit)
        return run_program(argv, seconds, powershell.decoded)


@cache
def _find(program: str) -> str:
    if sys.platform == "win32":
        return _find_on_windows(program)
    if program.startswith("/"):
        return program
    for folder in (*SYSTEM_FOLDERS, *VENDOR_FOLDERS):
        path = f"{folder}/{program}"
        if os.access(path, os.X_OK):
            return path
    if sys.platform == "darwin":
        for folder in FOLDERS:
            path = f"{folder}/{program}"
            if os.access(path, os.X_OK) and of_root(Path(path).stat()):
                return path
    raise ToolMissing(f"{program} is not installed")


def _find_on_windows(program: str) -> str:
    places = programs.folders(programs.system_root(), wow64=programs.redirected())
    for path in programs.paths(program, places):
        if Path(path).is_file():
            return path
    raise ToolMissing(f"{program} is not installed")


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
