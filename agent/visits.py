"""Each check-in of the service is a program of its own, which takes its memory with it.

What stays between two of them is small, and what goes wrong in one, however badly, ends with it.
"""

import json
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass

from agent.exchange.troubles import DAY_SECONDS, Busy, TransportError, Unreachable

TIME_LIMIT = 900.0
"""Seconds for one visit; it has limits of its own, which are below this."""
GRACE_SECONDS = 5.0
MOST_SAID = 65_536


class VisitFailed(TransportError):
    """The program ended without saying how the check-in went."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a visit tells the service; `trouble` is empty when it went well."""

    next_seconds: float = 0.0
    connected: bool = False
    trouble: str = ""
    retry_after_seconds: float | None = None

    def line(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


def heard(line: str) -> Told:
    """What `Told.line` said. Raises VisitFailed for anything else."""
    try:
        said = json.loads(line)
        after = said["retry_after_seconds"]
        return Told(
            float(said["next_seconds"]),
            said["connected"] is True,
            str(said["trouble"]),
            None if after is None else min(max(float(after), 0.0), DAY_SECONDS),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise VisitFailed("the check-in said nothing that can be understood") from error


def own_program() -> tuple[str, ...]:
    """How this very program is started again, without a way into it through the environment."""
    if getattr(sys, "frozen", False):
        return (sys.executable,)
    return (sys.executable, "-I", "-m", "agent")


@dataclass(frozen=True, slots=True)
class Visits:
    """`words`: the program and what it is told; `--called` is added when the collector called."""

    words: tuple[str, ...]
    time_limit: float = TIME_LIMIT

    def __call__(self, called: bool) -> Told:
        """One check-in. Raises TransportError, as it was in the program or because of it."""
        words = (*self.words, "--called") if called else self.words
        try:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
            )
        except OSError as error:
            raise VisitFailed(f"cannot start {words[0]}: {error.strerror}") from error
        try:
            with process.stdout or nullcontext():
                said, _ = process.communicate(timeout=self.time_limit)
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise VisitFailed(f"a check-in took longer than {self.time_limit:g} s") from error
        except BaseException:  # the service is being stopped
            _end(process)
            raise
        return _settled(said[:MOST_SAID], process.returncode)


def _settled(said: str, status: int) -> Told:
    if not said.strip():
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        raise VisitFailed(f"the check-in {how} without an answer")
    told = heard(said)
    if told.retry_after_seconds is not None:
        raise Busy(told.trouble, told.retry_after_seconds)
    if told.trouble:
        raise Unreachable(told.trouble)
    return told


def _end(process: "subprocess.Popen[str]") -> None:
    """Ask, then insist; what is on disk is always whole."""
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
