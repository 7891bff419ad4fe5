"""The one door to the machine: every fact a check reads comes through a `Host`.

Three stand behind the door: the live machine (`agent.machine`), a recording of one
(`agent.recordings.replay`), and the fake of the tests. A question that cannot be answered raises a
`CannotTell`; `agent.observation.observe` turns it into ``unknown(reason)`` in one place.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from protos.posture.v1.signals_pb2 import UnknownReason

Os = Literal["linux", "macos", "windows"]

MOST_BYTES = 4 << 20
"""The most a single answer may hold; more is `TooLarge`."""

TIME_LIMIT = 10.0
"""Seconds a command may take unless the check asks for less or more."""


class CannotTell(Exception):
    """The question has no answer; `reason` is what the observation will say.

    The message names the question, so that a person can repeat it.
    """

    reason = UnknownReason.UNKNOWN_REASON_INTERNAL


class ToolMissing(CannotTell):
    """The program is not installed."""

    reason = UnknownReason.UNKNOWN_REASON_TOOL_MISSING


class FileMissing(CannotTell):
    """No such path. Often an answer in itself: catch it where absence says something."""

    reason = UnknownReason.UNKNOWN_REASON_TOOL_MISSING


class Denied(CannotTell):
    """It exists, and this account may not read it."""

    reason = UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED


class TimedOut(CannotTell):
    """No answer within the time limit; the process group was killed.

    `so_far` is what a command had printed by then; it may end anywhere.
    """

    reason = UnknownReason.UNKNOWN_REASON_TIMED_OUT

    def __init__(self, message: str = "", so_far: str = "") -> None:
        super().__init__(message)
        self.so_far = so_far


class ToolFailed(CannotTell):
    """The program ended with an exit status the check did not expect."""

    reason = UnknownReason.UNKNOWN_REASON_TOOL_FAILED


class Unparsable(CannotTell):
    """There was an answer and it is not in a form we know. Parsers raise this, never a guess."""

    reason = UnknownReason.UNKNOWN_REASON_UNPARSABLE


class TooLarge(CannotTell):
    """The answer is larger than `MOST_BYTES` (or than the check allowed)."""

    reason = UnknownReason.UNKNOWN_REASON_TOO_LARGE


class NotRecorded(CannotTell):
    """The recording does not hold this answer. It says nothing about the machine."""

    reason = UnknownReason.UNKNOWN_REASON_NOT_RECORDED


class Conflicting(CannotTell):
    """Two sources of equal authority disagree."""

    reason = UnknownReason.UNKNOWN_REASON_CONFLICTING_SOURCES


class NoUserSession(CannotTell):
    """A person's setting was asked for and nobody is logged in."""

    reason = UnknownReason.UNKNOWN_REASON_NO_USER_SESSION


class Sandboxed(CannotTell):
    """The agent's own confinement hides the answer."""

    reason = UnknownReason.UNKNOWN_REASON_SANDBOXED


class NoData(CannotTell):
    """The source is there and has nothing to go by, such as an empty package index."""

    reason = UnknownReason.UNKNOWN_REASON_NO_DATA


class NotApplicableHere(Exception):
    """The signal cannot exist on this device; the message says why ("runs in a container")."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed. `text` and `errors` are UTF-8 with undecodable bytes replaced."""

    text: str
    errors: str
    exit_status: int


@dataclass(frozen=True, slots=True)
class Process:
    """One running process. `None` is "could not be seen", as for another user's."""

    pid: int
    name: str
    user: str | None
    executable: str | None
    arguments: tuple[str, ...] | None


RegistryValue = str | int | bytes | tuple[str, ...]
"""REG_SZ and REG_EXPAND_SZ (not expanded), REG_DWORD and REG_QWORD, REG_BINARY, REG_MULTI_SZ."""

Row = Mapping[str, object]
"""One instance of a CIM class: properties by name, as JSON knows them. See `agent.windows.rows`."""


class Host(Protocol):
    """Fixed questions to one machine. Nothing here changes it."""

    @property
    def os(self) -> Os: ...

    def run(self, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT) -> Output:
        """Run a program by name (no path, no shell), in the C locale, with no input.

        Raises ToolMissing, Denied, TimedOut, TooLarge, or ToolFailed when the exit status is not
        in `ok`.
        """
        ...

    def read(self, path: str, limit: int = MOST_BYTES) -> bytes:
        """The whole of a regular file (a `/proc` or `/sys` file counts as one).

        Raises FileMissing, Denied, TooLarge.
        """
        ...

    def head(self, path: str, size: int) -> bytes:
        """The first `size` bytes of a file that may be large. Raises as `read`."""
        ...

    def list(self, folder: str) -> tuple[str, ...]:
        """The names in a folder, sorted. Raises FileMissing, Denied."""
        ...

    def link(self, path: str) -> str:
        """Where a symbolic link points, as written. Raises FileMissing, Denied."""
        ...

    def modified_at(self, path: str) -> datetime:
        """When a file's or folder's content was last changed, in UTC. Raises as `list`."""
        ...

    def processes(self) -> tuple[Process, ...]:
        """Every process this account can see, by pid. Raises Denied when none can be seen."""
        ...

    def environment(self, pid: int) -> dict[str, str]:
        """The environment a process was started with. Raises FileMissing, Denied."""
        ...

    def run_in_session(
        self, uid: int, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT
    ) -> Output:
        """`run`, as the logged-in person `uid` and inside their session (macOS).

        Raises as `run`; Denied when this account may not act for that person.
        """
        ...

    def registry(self, key: str, name: str) -> RegistryValue:
        r"""One value below ``HKLM\...`` or ``HKU\...``, names in any case (Windows, 64-bit view).

        Raises FileMissing when the key or the value is not there, Denied.
        """
        ...

    def subkeys(self, key: str) -> tuple[str, ...]:
        """The names of the keys right below `key`, sorted (Windows). Raises FileMissing, Denied."""
        ...

    def cim(self, question: str) -> tuple[Row, ...]:
        """Every instance of one class of `agent.windows.questions` (Windows).

        All questions are asked at once, in one process, and kept for one observation. Raises
        ToolMissing when the system has no such namespace or class, Denied, TimedOut, ToolFailed.
        """
        ...


def text(content: bytes) -> str:
    """Decode what a file holds; what is not UTF-8 is replaced, never an error."""
    return content.decode("utf-8", "replace")


def read_text(host: Host, path: str, limit: int = MOST_BYTES) -> str:
    """`Host.read`, decoded."""
    return text(host.read(path, limit))


def read_if_there(host: Host, path: str) -> str | None:
    """The decoded file, or None when it does not exist. Any other trouble is raised."""
    try:
        return read_text(host, path)
    except FileMissing:
        return None
