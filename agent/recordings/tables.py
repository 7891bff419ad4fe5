"""The tables of a recording: what was asked, and why a question has no answer."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from agent.host import (
    CannotTell,
    Denied,
    FileMissing,
    Os,
    Row,
    Sandboxed,
    TimedOut,
    TooLarge,
    ToolFailed,
    ToolMissing,
    Unparsable,
    text,
)
from agent.recordings.hives import Hives, NoRegistryTable, from_table
from agent.recordings.loose import system_by_files

REASONS: Final[dict[str, type[CannotTell]]] = {
    "missing": ToolMissing,
    "absent": FileMissing,
    "denied": Denied,
    "timed-out": TimedOut,
    "too-large": TooLarge,
    "failed": ToolFailed,
    "sandboxed": Sandboxed,
    "unparsable": Unparsable,
}
SYSTEMS: Final[dict[str, Os]] = {"linux": "linux", "macos": "macos", "windows": "windows"}


DRIVE: Final = re.compile(r"([A-Za-z]):[\\/]")
NAMED: Final = re.compile(r"(linux|windows|win|macos|mac)(?![a-z])")


class UnusableRecording(Exception):
    """The folder cannot be read as a recording; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One command that was taken down: its output file, or the reason there is none."""

    file: str
    status: str


@dataclass(frozen=True, slots=True)
class Paths:
    """What FILES.tsv says: why a path gave no content, whole folders, and where links point."""

    reasons: dict[str, str] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    modified: dict[str, datetime] = field(default_factory=dict)


def system_of(folder: Path) -> Os:
    """By the SYSTEM file, else the folder's name, else by whose tools left their files there."""
    marker = folder / "SYSTEM"
    if marker.is_file():
        named = text(marker.read_bytes()).strip().lower()
        if named not in SYSTEMS:
            raise UnusableRecording(f"{marker}: {named[:40]!r} is not one of {', '.join(SYSTEMS)}")
        return SYSTEMS[named]
    if (begins := NAMED.match(folder.resolve().name.lower())) is not None:
        return SYSTEMS[{"win": "windows", "mac": "macos"}.get(begins[1], begins[1])]
    return system_by_files(folder) or "linux"


def below_fs(path: str) -> str:
    r"""Where a file lies below ``fs/``: no name may hold a colon on Windows.

    >>> below_fs("/etc/hosts"), below_fs(r"C:\Windows\explorer.exe")
    ('etc/hosts', 'C/Windows/explorer.exe')
    """
    drive = DRIVE.match(path)
    return f"{drive[1]}/{path[3:]}".replace("\\", "/") if drive else path.lstrip("/")


def in_session(uid: int, argv: tuple[str, ...]) -> str:
    """How COMMANDS.tsv writes a command of a person's session."""
    return f"@{uid} {' '.join(argv)}"


def _time(words: str, place: str) -> datetime:
    try:
        return datetime.fromisoformat(words)
    except ValueError as error:
        raise UnusableRecording(f"{place}: {words!r} is no time") from error


def commands(folder: Path) -> dict[str, Taken]:
    """Read COMMANDS.tsv; a line that is not of the form belongs to the command above it."""
    taken: dict[str, Taken] = {}
    for line in _lines(folder / "COMMANDS.tsv"):
        file, _, rest = line.partition("\t")
        status, _, command = rest.partition("\t")
        known = status.startswith("rc=") or status.isdecimal() or status in REASONS
        again = command.strip() in taken and not (folder / "cmd" / file).is_file()
        if command and known and not again:  # asked again, and that answer is kept elsewhere
            taken[command.strip()] = Taken(file.removeprefix("cmd/"), status)
    if not taken and any(line.strip() for line in _lines(folder / "COMMANDS.tsv")):
        form = "<file> TAB rc=<exit status> TAB <command>"
        raise UnusableRecording(f"{folder}/COMMANDS.tsv: no line is of the form {form}")
    return taken


def paths(folder: Path) -> Paths:
    paths = Paths()
    file = folder / "FILES.tsv"
    if file.is_file() and file.stat().st_size and not file.read_bytes().endswith(b"\n"):
        raise UnusableRecording(f"{file} ends in the middle of a line: copy the recording again")
    for number, line in enumerate(_lines(file), 1):
        kind, _, rest = line.partition("\t")
        path, _, more = rest.partition("\t")
        if kind == "listed":
            paths.listed[path] = [name for name in more.split("/") if name]
        elif kind == "link":
            paths.links[path] = more
        elif kind == "modified":
            paths.modified[path] = _time(more, f"{folder}/FILES.tsv:{number}")
        elif kind in REASONS:
            paths.reasons[path] = kind
        elif line.strip():
            known = ", ".join(("listed", "link", "modified", *REASONS))
            raise UnusableRecording(f"{folder}/FILES.tsv:{number}: {kind!r} is not one of {known}")
    return paths


def unix_lines(content: bytes) -> bytes:
    """With the line ends of Unix where a transfer changed every one of them."""
    changed = b"\0" not in content and content.count(b"\r\n") == content.count(b"\n")
    return content.replace(b"\r\n", b"\n") if changed else content


def unix_text(content: bytes) -> str:
    return text(unix_lines(content))


def _lines(file: Path) -> list[str]:
    return text(file.read_bytes()).splitlines() if file.is_file() else []


def exit_status(words: str, line: str) -> int:
    try:
        return int(words.removeprefix("rc="))
    except ValueError as error:
        raise UnusableRecording(f"COMMANDS.tsv: {words!r} of {line!r} is no exit status") from error


def hives(folder: Path) -> Hives | None:
    """REGISTRY.tsv; None when there is none."""
    file = folder / "REGISTRY.tsv"
    if not file.is_file():
        return None
    try:
        return from_table(text(file.read_bytes()).splitlines())
    except NoRegistryTable as error:
        raise UnusableRecording(f"{folder}: {error}") from error


def rows(folder: Path, question: str) -> list[Row] | CannotTell | None:
    """cim/<question>.json: rows, or ``{"trouble": <reason>, "said": ...}``; None: not asked."""
    file = folder / "cim" / f"{question}.json"
    if not file.is_file():
        return None
    try:
        held = json.loads(file.read_bytes())
        if isinstance(held, dict):
            return REASONS[held["trouble"]](str(held["said"]))
        return [{str(name): value for name, value in row.items()} for row in held]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnusableRecording(f"{file}: neither rows nor a reason ({error})") from error
