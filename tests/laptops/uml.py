"""One kernel of user-mode Linux: started, spoken to over a serial line, and ended by its own id."""

import base64
import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

READY = "LAPTOP-READY"
LONGEST_ORDER = 3000


class LaptopTrouble(Exception):
    """A laptop did not start, or did not do what it was told to."""


@dataclass(frozen=True)
class Boot:
    """What the kernel is given. `network` is the namespace to run in, with `tap` inside it."""

    disks: Sequence[str]
    root: Sequence[str]
    log: Path
    memory_mb: int = 512
    namespace: str = ""
    tap: str = ""
    words: Sequence[str] = ()

    def command(self, serial: Sequence[int]) -> list[str]:
        inside = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        tap = [f"vec0:transport=tap,ifname={self.tap},depth=128"] if self.tap else []
        line = [f"ssl0=fd:{serial[0]},fd:{serial[1]}", "ssl=null"] if serial else ["ssl=null"]
        fixed = [f"mem={self.memory_mb}M", "con=null", "con0=null,fd:1", "quiet", "rw"]
        return [*inside, "linux.uml", *fixed, *line, *self.disks, *self.root, *tap, *self.words]


def run_to_end(boot: Boot, seconds: float) -> str:
    """Boot a kernel that powers itself off; returns what its console said."""
    with boot.log.open("wb") as log:
        process = subprocess.Popen(
            boot.command(()), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise LaptopTrouble(f"no end within {seconds:g} s, see {boot.log}") from error
        finally:
            end(process)
    return boot.log.read_text(errors="replace")


def end(process: subprocess.Popen[bytes]) -> None:
    """As a power cut would: the whole group that was started here, nothing else."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass
class Machine:
    """A booted laptop that takes orders, one at a time."""

    boot: Boot
    process: subprocess.Popen[bytes]
    to: int
    answers: int
    _number: int = 0
    _pending: bytearray = field(default_factory=bytearray)

    @classmethod
    def start(cls, boot: Boot) -> "Machine":
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        with boot.log.open("wb") as log:
            process = subprocess.Popen(
                boot.command((theirs_in, theirs_out)), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, pass_fds=(theirs_in, theirs_out), start_new_session=True,
            )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        return cls(boot, process, ours_out, ours_in)

    def wait_until_ready(self, seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while self._line(deadline) != READY:
            pass

    def order(self, script: str, seconds: float = 120) -> tuple[int, str]:
        """Run a script in the laptop; its exit status and what it said."""
        self.begin(script)
        deadline = time.monotonic() + seconds
        while True:
            words = self._line(deadline).split(" ")
            if words[:2] == ["DONE", str(self._number)]:
                said = base64.b64decode(words[3] if len(words) > 3 else "")
                return int(words[2]), said.decode(errors="replace").strip()

    def must(self, script: str, seconds: float = 120) -> str:
        status, said = self.order(script, seconds)
        if status:
            raise LaptopTrouble(f"{script.splitlines()[0][:80]!r} ended with {status}: {said}")
        return said

    def begin(self, script: str) -> None:
        """Give an order without waiting for its end."""
        self._number += 1
        written = base64.b64encode(script.encode()).decode()
        if len(written) > LONGEST_ORDER:
            raise ValueError("an order must fit the serial line")
        os.write(self.to, f"{self._number} {written}\n".encode())

    def cut_power(self) -> None:
        end(self.process)
        for descriptor in (self.to, self.answers):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _line(self, deadline: float) -> str:
        with selectors.DefaultSelector() as selector:
            selector.register(self.answers, selectors.EVENT_READ)
            while b"\n" not in self._pending:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise LaptopTrouble(f"the laptop does not answer, see {self.boot.log}")
                if not (part := os.read(self.answers, 65536)):
                    raise LaptopTrouble(f"the laptop is gone, see {self.boot.log}")
                self._pending += part
        line, _, rest = bytes(self._pending).partition(b"\n")
        self._pending = bytearray(rest)
        return line.decode(errors="replace").strip()
