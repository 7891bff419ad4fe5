"""Enrolls with the string that a package or an MDM left, at the first run that reaches a collector.

`enrollment.txt` and `enrollment.ini` lie in the agent's own folder, which is private before they
come; on macOS a profile's managed preferences count as well. A file is removed once it was used.
"""

import plistlib
import sys
from collections.abc import Callable
from pathlib import Path

from agent import config, device
from agent.clock import Clock
from agent.exchange.transport import Credentials, Transport
from agent.exchange.troubles import Refused, Rejected
from agent.host import Host
from agent.log import Log
from agent.state import State, StateError

LARGEST = 16_384
KEY = "EnrollmentString"


class NotTaken(StateError):
    """The string that was left cannot be used; the message says what to do."""


def enroll_if_told(
    state: State, enroll: Callable[[str], config.Config], log: Log, managed: Path = config.PROFILE
) -> None:
    """Does nothing for an enrolled agent, or where no string was left.

    Raises what `enroll` raises; what it is given may hold more than the string.
    """
    if state.read(config.FILE) is not None:
        return
    words = _left(state, managed)
    if words:
        settled = enroll(words)
        log("enrolled", collector=settled.collector_name, device=settled.device_id)
        for name in config.LEFT:
            state.path(name).unlink(missing_ok=True)


def enrolling(
    state: State,
    connect: Callable[[str, Credentials], Transport],
    clock: Clock,
    host: Callable[[], Host],
) -> Callable[[str], config.Config]:
    """Raises NotTaken, TransportError when the collector is out of reach, and StateError."""

    def enroll(words: str) -> config.Config:
        from agent.exchange.enrollment import BadString, Enrollment, decode

        try:
            invitation = decode(words)
            attempt = Enrollment(state, connect, clock, device.inventory(host()))
            with state.exclusive():
                return attempt.run(invitation)
        except (BadString, Refused, Rejected) as error:
            raise NotTaken(f"the enrollment string that was left here: {error}") from error

    return enroll


def _left(state: State, managed: Path) -> str:
    for name in config.LEFT:
        content = state.read(name)
        if content is not None:
            return _text(content[:LARGEST])
    return _in_profile(managed) if sys.platform == "darwin" or managed != config.PROFILE else ""


def _text(content: bytes) -> str:
    """Windows' own editors write UTF-16; an .ini file has "String=" before it."""
    coding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return content.decode(coding, "replace").replace("=", " ")


def _in_profile(managed: Path) -> str:
    try:
        if managed.stat().st_size > LARGEST:
            return ""
        found = plistlib.loads(managed.read_bytes())
    except (OSError, ValueError):
        return ""
    said = found.get(KEY) if isinstance(found, dict) else None
    return said if isinstance(said, str) else ""
