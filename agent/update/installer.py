"""The three programs that an update starts, each by its whole path; nothing else can be asked.

What installs is the system's own installer: `msiexec /i PACKAGE /qn` and `installer -pkg PACKAGE
-target /`. It checks the maker's signature itself where the system is set so.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from agent.exchange import proxy
from agent.execution import run_program
from agent.host import CannotTell, Output
from agent.windows import programs

INSTALL_SECONDS = 900.0
CHECK_IN_SECONDS = 300.0
START_SECONDS = 30.0
WORKED = {"windows": (0, 3010, 1641), "macos": (0,)}
"""3010 and 1641: it worked, and a restart is wished for (Microsoft's list of msiexec's codes)."""

Run = Callable[[tuple[str, ...], float], Output]


def run_with_proxies(line: tuple[str, ...], seconds: float) -> Output:
    """As the door does, with our own proxies: the new version checks in by the way that we take."""
    return run_program(line, seconds, more=proxy.settings(os.environ))


class InstallFailed(Exception):
    """The system's installer did not do it; the message says what it answered."""


class Installer(Protocol):
    """What an update needs of the system. Fakes stand in for it in tests."""

    def install(self, package: Path) -> None:
        """Raises InstallFailed."""

    def start_runner(self) -> None:
        """Let the system's scheduler start the copy that ends the update. Raises InstallFailed."""

    def version(self) -> str:
        """That of the installed program; "" when it does not even start."""

    def checks_in(self) -> bool:
        """Whether the installed program has just checked in."""


class SystemInstaller:
    """Of this machine. `run` starts a program without a shell."""

    def __init__(self, system: str, run: Run = run_with_proxies) -> None:
        self._system, self._run = system, run

    def install(self, package: Path) -> None:
        output = self._asked(install_line(self._system, package), INSTALL_SECONDS)
        if output.exit_status not in WORKED[self._system]:
            raise InstallFailed(f"the system's installer ended with {output.exit_status}")

    def start_runner(self) -> None:
        output = self._asked(runner_line(self._system), START_SECONDS)
        if output.exit_status:
            raise InstallFailed(f"the system's scheduler ended with {output.exit_status}")

    def version(self) -> str:
        try:
            said = self._asked((program(self._system), "--version"), CHECK_IN_SECONDS)
        except InstallFailed:
            return ""
        return said.text.strip().removeprefix("muster-agent ") if said.exit_status == 0 else ""

    def checks_in(self) -> bool:
        try:
            line = (program(self._system), "run", "--once")
            return self._asked(line, CHECK_IN_SECONDS).exit_status == 0
        except InstallFailed:
            return False

    def _asked(self, line: tuple[str, ...], seconds: float) -> Output:
        try:
            return self._run(line, seconds)
        except CannotTell as trouble:
            raise InstallFailed(str(trouble)) from trouble


def install_line(system: str, package: Path) -> tuple[str, ...]:
    """
    >>> install_line("macos", Path("/var/lib/muster-agent/update/targets/a.pkg"))[:2]
    ('/usr/sbin/installer', '-pkg')
    """
    if system == "windows":
        return (
            _of_windows("msiexec.exe"),
            "/i",
            str(package),
            "/qn",
            "/norestart",
        )
    return ("/usr/sbin/installer", "-pkg", str(package), "-target", "/")


def runner_line(system: str) -> tuple[str, ...]:
    if system == "windows":
        return (
            _of_windows("schtasks.exe"),
            "/Run",
            "/TN",
            r"\Muster\Update",
        )
    return ("/bin/launchctl", "kickstart", "system/org.muster.update")


def program(system: str) -> str:
    """The installed one, where the packages put it."""
    if system == "windows":
        folder = os.environ.get("ProgramFiles", r"C:\Program Files")  # noqa: SIM112 (its spelling)
        return rf"{folder}\Muster\muster-agent.exe"
    return "/Library/Muster/agent/muster-agent"


def _of_windows(name: str) -> str:
    return rf"{programs.system_root()}\System32\{name}"
