"""Where the agent keeps its state, and which collector it belongs to."""

import json
import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from agent.state import State, StateError
from agent.windows import access

SYSTEM_FOLDER = (
    Path(os.environ.get("ProgramData", r"C:\ProgramData"), "Muster")  # noqa: SIM112 (its spelling)
    if sys.platform == "win32"
    else Path("/var/lib/muster-agent")
)
FILE = "agent.toml"
LEFT = ("enrollment.txt", "enrollment.ini")
"""Where a package or an MDM leaves an enrollment string."""
PROFILE = Path("/Library/Managed Preferences/org.muster.agent.plist")
"""Where macOS keeps what a profile says of the agent."""


class NotEnrolled(StateError):
    """No collector knows this agent yet."""


class KeptByRoot(StateError):
    """The installed agent keeps what was asked for where only root may read it."""


class BadAddress(ValueError):
    """Not "host:port"."""


@dataclass(frozen=True, slots=True)
class Config:
    """What enrollment settled. `proxy` is "" where the environment says which, or there is none."""

    collector_name: str
    device_id: str
    enroll_address: str
    check_in_address: str
    proxy: str = field(default="", repr=False)  # it may hold a password

    def to_toml(self) -> bytes:
        settled = {key: value for key, value in asdict(self).items() if value or key != "proxy"}
        lines = [f"{key} = {_quoted(value)}\n" for key, value in settled.items()]
        return "".join(lines).encode()


def _quoted(value: str) -> str:
    # A JSON string of printable characters is a TOML basic string as well.
    return json.dumps("".join(c for c in value if c.isprintable()), ensure_ascii=False)


def load(state: State) -> Config:
    """Raises NotEnrolled, and StateError when agent.toml cannot be understood."""
    content = state.read(FILE)
    if content is None:
        raise NotEnrolled(_not_enrolled(state.folder))
    try:
        values = tomllib.loads(content.decode())
        config = Config(**values)
        if not all(isinstance(value, str) for value in values.values()):
            raise TypeError("a value is no text")
        split_address(config.enroll_address)
        split_address(config.check_in_address)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError, BadAddress) as error:
        raise StateError(
            f"{state.path(FILE)} is damaged ({error}); enroll again: muster-agent enroll --again"
        ) from error
    return config


def _not_enrolled(folder: Path) -> str:
    said = f"this device is not enrolled ({folder} holds no {FILE})"
    return (
        f"{said}; ask IT for an enrollment string, then: muster-agent enroll; "
        "or name its state folder with --state"
    )


def is_root() -> bool:
    """Whether this account may see everything: root, LocalSystem, an elevated administrator."""
    if sys.platform == "win32":
        return access.is_administrator()
    return os.geteuid() == 0


def state_folder(named: str | None, environ: Mapping[str, str], *, root: bool) -> Path:
    """--state, else MUSTER_AGENT_STATE, else the place that fits the account.

    Raises StateError for an account that has no home directory.
    """
    if chosen := named or environ.get("MUSTER_AGENT_STATE"):
        return Path(chosen).absolute()
    if root:
        return SYSTEM_FOLDER
    if sys.platform == "win32":
        local = environ.get("LOCALAPPDATA") or str(_home() / "AppData" / "Local")
        return Path(local).absolute() / "Muster"
    base = environ.get("XDG_STATE_HOME") or str(_home() / ".local" / "state")
    return Path(base).absolute() / "muster-agent"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise StateError("this account has no home directory; name a folder: --state") from error


def shown_folder() -> Path:
    """Where `agent.shown` puts what everybody who uses the device may read."""
    if sys.platform == "win32":
        return Path(os.environ.get("ProgramData", r"C:\ProgramData"), "MusterShown")  # noqa: SIM112
    if sys.platform == "darwin":
        return Path("/Library/Application Support/MusterShown")
    return Path("/var/cache/muster-agent")


def runner_folder() -> Path | None:
    """Where the copy of the program lies that ends an update; None where there is none.

    Not below %ProgramData%: there everybody can have made a folder before the agent was installed,
    and the Task Scheduler would start what is in it as the system.
    """
    if sys.platform == "win32":
        return Path(os.environ.get("ProgramFiles", r"C:\Program Files"), "Muster Update")  # noqa: SIM112
    return Path("/Library/Muster/runner") if sys.platform == "darwin" else None


def split_address(address: str) -> tuple[str, int]:
    """The two parts of an address.

    >>> split_address("collector.example:7843")
    ('collector.example', 7843)
    >>> split_address("[::1]:443")
    ('::1', 443)
    """
    host, _, port = address.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    plain = bare and not any(c.isspace() or c in "/@" for c in bare)
    if not plain or (":" in bare and bare == host) or not port.isdecimal():
        raise BadAddress(f"{address!r} is not host:port")
    if not 0 < int(port) < 65536:
        raise BadAddress(f"{address!r} has no valid port")
    return bare, int(port)
