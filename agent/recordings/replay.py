"""A machine's answers in a folder, replayed as a `Host`: what is not there is `NotRecorded`.

Layout, all text, so that a person can read and edit one::

    COMMANDS.tsv    one line a command: its file below cmd/, "rc=<exit status>", the command line;
                    a command that gave no answer has "-" for the file and its reason for the
                    status: missing, denied, timed-out, too-large
    FILES.tsv       one line a path that is more or less than content: absent, denied, too-large,
                    "listed" (a folder whose names were all taken down, "/" between them) or
                    "link", then the path, then the names or the link's target
    PROCESSES.json  [{pid, name, user, executable, arguments, environment}]
    SYSTEM          linux, macos or windows
    cmd/            what commands printed; <file>.stderr what they complained of
    fs/             files and links at their own paths; <file>.header and <file>.first512 hold only
                    the head of a file

`muster-agent record` writes this layout. Folders that others recorded may lack FILES.tsv: there a
path that is missing from one of `WHOLE_TREES` was not on the machine, and everything else that is
missing was not recorded.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from agent.host import (
    MOST_BYTES,
    TIME_LIMIT,
    CannotTell,
    Denied,
    FileMissing,
    NotRecorded,
    Os,
    Output,
    Process,
    RegistryValue,
    Row,
    TimedOut,
    TooLarge,
    ToolFailed,
    ToolMissing,
    text,
)
from agent.recordings.forms import (
    Listed,
    answer_in_another_form,
    fdinfo_from_listing,
    processes_from_listings,
)

WHOLE_TREES = (
    "/etc/clamav",
    "/etc/dconf",
    "/home",
    "/run/systemd/sessions",
    "/sys/class/block",
    "/sys/class/dmi/id",
    "/sys/fs/btrfs",
    "/var/lib/apt/lists",
    "/var/lib/clamav",
    "/var/lib/pacman/sync",
)
HEADS: Final = (".header", ".first512")
REASONS: Final[dict[str, type[CannotTell]]] = {
    "missing": ToolMissing,
    "absent": FileMissing,
    "denied": Denied,
    "timed-out": TimedOut,
    "too-large": TooLarge,
}
SYSTEMS: Final[dict[str, Os]] = {"linux": "linux", "macos": "macos", "windows": "windows"}


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


class Recording:
    """Replays one folder. It never looks at the machine it runs on."""

    def __init__(self, folder: Path) -> None:
        parts = ("COMMANDS.tsv", "FILES.tsv", "PROCESSES.json", "cmd", "fs")
        if not folder.is_dir():
            raise UnusableRecording(f"{folder} is not a folder")
        if not any((folder / part).exists() for part in parts):
            raise UnusableRecording(f"{folder} is not a recording: none of {', '.join(parts)}")
        self.folder = folder
        self.os: Os = _system(folder)
        self._commands = _commands(folder)
        self._paths = _paths(folder)
        self._strict = (folder / "FILES.tsv").exists()

    def run(self, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT) -> Output:
        line = " ".join(argv)
        taken = self._commands.get(line)
        output = self._output(taken, line) if taken else self._in_another_form(argv)
        if output.exit_status not in ok:
            raise ToolFailed(f"{line} ended with status {output.exit_status}")
        return output

    def _output(self, taken: Taken, line: str) -> Output:
        if taken.status in REASONS:
            raise REASONS[taken.status](f"{line}: recorded as {taken.status}")
        printed = self.folder / "cmd" / taken.file
        if not printed.is_file():
            raise NotRecorded(f"{line} is listed and its output {taken.file} is not there")
        errors = printed.with_name(printed.name + ".stderr")
        complaints = text(errors.read_bytes()) if errors.is_file() else ""
        return Output(text(printed.read_bytes()), complaints, _status(taken.status, line))

    def _in_another_form(self, argv: tuple[str, ...]) -> Output:
        found = answer_in_another_form(
            argv,
            self._commands,
            lambda line: self._output(self._commands[line], line),
            self.folder / "cmd",
        )
        if found is None:
            raise NotRecorded(f"{' '.join(argv)} was not recorded")
        return found

    def _path(self, path: str) -> Path:
        return self.folder / "fs" / path.lstrip("/")

    def _held(self, file: Path) -> bool:
        """Whether it is a file of the recording; a link that leads out of it is not followed."""
        return file.is_file() and file.resolve().is_relative_to(self.folder.resolve())

    def _absent(self, path: str) -> CannotTell:
        if (kind := self._paths.reasons.get(path)) is not None:
            return REASONS[kind](f"{path}: recorded as {kind}")
        folder, _, name = path.rpartition("/")
        if name not in self._paths.listed.get(folder, (name,)):
            return FileMissing(f"{path} does not exist")
        if not self._strict and self._whole(path):
            return FileMissing(f"{path} does not exist")
        return NotRecorded(f"{path} was not recorded")

    def _whole(self, path: str) -> bool:
        trees = (tree for tree in WHOLE_TREES if path.startswith(tree + "/") or path == tree)
        return any(self._path(tree).is_dir() for tree in trees)

    def read(self, path: str, limit: int = MOST_BYTES) -> bytes:
        file = self._path(path)
        if not self._held(file):
            if (listed := fdinfo_from_listing(path, self.folder / "cmd")) is not None:
                return listed
            if (printed := self._commands.get(f"cat {path}")) is not None:
                return self._output(printed, f"cat {path}").text.encode()
            if any(self._held(file.with_name(file.name + suffix)) for suffix in HEADS):
                raise NotRecorded(f"only the head of {path} was recorded")
            raise self._absent(path)
        content = file.read_bytes()
        if len(content) > limit:
            raise TooLarge(f"{path} holds more than {limit} bytes")
        return content

    def head(self, path: str, size: int) -> bytes:
        file = self._path(path)
        for suffix in ("", *HEADS):
            candidate = file.with_name(file.name + suffix)
            if self._held(candidate):
                return candidate.read_bytes()[:size]
        raise self._absent(path)

    def list(self, folder: str) -> tuple[str, ...]:
        folder = folder.rstrip("/")
        if folder in self._paths.listed:
            return tuple(sorted(self._paths.listed[folder]))
        if (names := fdinfo_from_listing(folder, self.folder / "cmd")) is not None:
            return tuple(text(names).split("/"))
        if not self._path(folder).is_dir() or self._strict:
            raise self._absent(folder)
        return tuple(sorted({_whole_name(file.name) for file in self._path(folder).iterdir()}))

    def link(self, path: str) -> str:
        if path in self._paths.links:
            return self._paths.links[path]
        file = self._path(path)
        if file.is_symlink():
            return str(file.readlink())
        listed = self._commands.get(f"ls -l {path.rpartition('/')[0]}")
        if listed is not None:
            target = _link_in_listing(self._output(listed, "ls -l").text, path.rpartition("/")[2])
            if target:
                return target
        raise self._absent(path)

    def processes(self) -> tuple[Process, ...]:
        return tuple(process for process, _ in self._processes())

    def environment(self, pid: int) -> dict[str, str]:
        for process, environment in self._processes():
            if process.pid == pid and environment is not None:
                return environment
        raise NotRecorded(f"the environment of process {pid} was not recorded")

    def modified_at(self, path: str) -> datetime:
        raise NotRecorded(f"when {path} was changed was not recorded")

    def run_in_session(
        self, uid: int, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT
    ) -> Output:
        return self.run(*argv, ok=ok, time_limit=time_limit)

    def registry(self, key: str, name: str) -> RegistryValue:
        raise NotRecorded(f"{key} {name} was not recorded")

    def subkeys(self, key: str) -> tuple[str, ...]:
        raise NotRecorded(f"the keys below {key} were not recorded")

    def cim(self, question: str) -> tuple[Row, ...]:
        raise NotRecorded(f"{question} was not recorded")

    def _processes(self) -> Listed:
        file = self.folder / "PROCESSES.json"
        if not file.is_file():
            found = processes_from_listings(self.folder / "cmd")
            if found is None:
                raise NotRecorded("the list of processes was not recorded")
            return found
        try:
            entries = json.loads(file.read_bytes())
            return [(_process(entry), entry["environment"]) for entry in entries]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnusableRecording(f"{file}: {error}") from error


def _process(entry: dict[str, object]) -> Process:
    arguments = entry["arguments"]
    listed = tuple(str(a) for a in arguments) if isinstance(arguments, list) else None
    user, executable = entry["user"], entry["executable"]
    return Process(
        int(str(entry["pid"])),
        str(entry["name"]),
        None if user is None else str(user),
        None if executable is None else str(executable),
        listed,
    )


def _system(folder: Path) -> Os:
    marker = folder / "SYSTEM"
    named = marker.read_text().strip() if marker.is_file() else folder.name.partition("-")[0]
    return SYSTEMS.get(named, "linux")


def _commands(folder: Path) -> dict[str, Taken]:
    """Read COMMANDS.tsv; a line that is not of the form belongs to the command above it."""
    taken: dict[str, Taken] = {}
    for line in _lines(folder / "COMMANDS.tsv"):
        file, _, rest = line.partition("\t")
        status, _, command = rest.partition("\t")
        known = status.startswith("rc=") or status in REASONS
        again = command.strip() in taken and not (folder / "cmd" / file).is_file()
        if command and known and not again:  # asked again, and that answer is kept elsewhere
            taken[command.strip()] = Taken(file, status)
    return taken


def _paths(folder: Path) -> Paths:
    paths = Paths()
    for number, line in enumerate(_lines(folder / "FILES.tsv"), 1):
        kind, _, rest = line.partition("\t")
        path, _, more = rest.partition("\t")
        if kind == "listed":
            paths.listed[path] = [name for name in more.split("/") if name]
        elif kind == "link":
            paths.links[path] = more
        elif kind in REASONS:
            paths.reasons[path] = kind
        elif line.strip():
            known = ", ".join(("listed", "link", *REASONS))
            raise UnusableRecording(f"{folder}/FILES.tsv:{number}: {kind!r} is not one of {known}")
    return paths


def _lines(file: Path) -> list[str]:
    return text(file.read_bytes()).splitlines() if file.is_file() else []


def _status(words: str, line: str) -> int:
    try:
        return int(words.removeprefix("rc="))
    except ValueError as error:
        raise UnusableRecording(f"COMMANDS.tsv: {words!r} of {line!r} is no exit status") from error


def _whole_name(name: str) -> str:
    for suffix in HEADS:
        name = name.removesuffix(suffix)
    return name


def _link_in_listing(listing: str, name: str) -> str | None:
    """The target of `name` in the output of ``ls -l``."""
    for line in listing.splitlines():
        left, arrow, target = line.partition(" -> ")
        if arrow and left.rsplit(" ", 1)[-1] == name:
            return target.strip()
    return None
