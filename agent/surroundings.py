"""What a command may touch outside itself, in one place that tests can replace.

It loads nothing of the network or of the device before it is used: the service stays small.
"""

import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from agent import config
from agent.clock import Clock, system_clock
from agent.log import Log, to_stderr
from agent.state import State

if TYPE_CHECKING:
    from agent.exchange.transport import Credentials, Transport
    from agent.files import Places
    from agent.host import Host
    from agent.notices.news import Notice
    from agent.standing import Standing


class BadInput(Exception):
    """What the person gave cannot be used; the message says what to give instead."""


class OutputFailed(Exception):
    """What was to be shown could not be written; the message says why."""


class ThisMachine:
    """A new one for each look: a machine keeps its answers. What hangs is known to all of them."""

    def __init__(self) -> None:
        self._places: Places | None = None

    def __call__(self) -> "Host":
        from agent.files import Places
        from agent.machine import Machine

        self._places = self._places or Places()
        return Machine(self._places)


def _by_grpc(address: str, credentials: "Credentials") -> "Transport":
    from agent.exchange.transport import GrpcTransport

    return GrpcTransport(address, credentials)


def _show(notice: "Notice", environ: Mapping[str, str], host: Callable[[], "Host"]) -> None:
    from agent.notices.showing import show

    show(notice, environ, host)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The live ones, unless a test says otherwise."""

    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    out: TextIO = field(default_factory=lambda: sys.stdout)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Clock = system_clock
    host: Callable[[], "Host"] = field(default_factory=ThisMachine)
    connect: Callable[[str, "Credentials"], "Transport"] = _by_grpc
    sleep: Callable[[float], None] = time.sleep
    chance: random.Random = field(default_factory=random.SystemRandom)
    log: Log = to_stderr
    root: bool = field(default_factory=config.is_root)
    system_folder: Path = config.SYSTEM_FOLDER
    shown_folder: Path = field(default_factory=config.shown_folder)
    shown_owner: int = 0
    runner_folder: Path | None = field(default_factory=config.runner_folder)
    watches: bool = False
    """Whether the process is ours alone, so that a check-in may end it (`agent.watching`)."""
    notice: Callable[["Notice", Mapping[str, str], Callable[[], "Host"]], None] = _show
    local: Callable[[datetime], datetime] = datetime.astimezone

    def state_folder(self, named: str | None) -> Path:
        return config.state_folder(named, self.environ, root=self.root)

    def open_state(self, named: str | None, what: str, command: str) -> State:
        """Raises StateError; KeptByRoot when `what` was asked for is not this account's to read."""
        folder = self.state_folder(named)
        state = State.open(folder)
        chosen = self.root or named or self.environ.get("MUSTER_AGENT_STATE")
        holds = state.path(config.FILE).exists() or state.path("receipts").exists()
        if not chosen and not holds and self.system_folder.exists():
            raise config.KeptByRoot(
                f"This device's {what} in {self.system_folder}, which only root may read: "
                f"sudo muster-agent {command}"
            )
        return state

    def own_folder(self, named: str | None) -> Path:
        """Where this person's own things are, beside an installed agent."""
        return config.state_folder(named, self.environ, root=False)

    def language(self, named: str | None) -> str:
        from agent import language

        return language.chosen(named, self.environ, language.of_system())

    def standing(self, named: str | None, command: str) -> "Standing":
        """Of the agent's own state; without the right to it, what it shows to everybody.

        Raises StateError.
        """
        from agent import shown
        from agent.standing import of_state

        try:
            return of_state(self.open_state(named, "state is", command))
        except config.KeptByRoot:
            seen = shown.read(self.shown_folder, self.shown_owner)
            if seen is None:
                raise
            return seen

    def say(self, *lines: str) -> None:
        """Raises OutputFailed; what the terminal cannot show is shown as "?"."""
        coding = getattr(self.out, "encoding", None) or "utf-8"
        with _writing():
            for line in lines:
                print(line.encode(coding, "replace").decode(coding), file=self.out)
            self.out.flush()

    def give(self, content: bytes) -> None:
        """Write bytes as they are. Raises OutputFailed."""
        with _writing():
            self.out.flush()
            self.out.buffer.write(content)
            self.out.buffer.flush()


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(error.strerror or str(error)) from error
