"""A machine's answers in a folder, replayed as a `Host`: what is not there is `NotRecorded`.

Layout, all text, so that a person can read and edit one::

    COMMANDS.tsv    one line a command: its file below cmd/, "rc=<exit status>", the command line;
                    a command of a person's session begins with "@<uid>" (macOS);
                    a command that gave no answer has "-" for the file and its reason for the
                    status: missing, denied, timed-out, too-large
    FILES.tsv       one line a path that is more or less than content: absent, denied, too-large,
                    "listed" (a folder whose names were all taken down, "/" between them),
                    "link" or "modified", then the path, then the names, the link's target or
                    the time
    PROCESSES.json  [{pid, name, user, executable, arguments, environment}]
    SYSTEM          linux, macos or windows
    REGISTRY.tsv    what the registry held: see `agent.recordings.hives` (Windows)
    cim/            <question>.json, a list of rows or {"trouble": <reason>, "said": ...} (Windows)
    cmd/            what commands printed; <file>.stderr what they complained of
    fs/             files and links at their own paths; <file>.header and <file>.first512 hold only
                    the head of a file

`muster-agent record` writes this layout. In folders that others recorded, files lie loose and are
known by their names: see `agent.recordings.answers`. Such folders may lack FILES.tsv: there a
path that is missing from one of `WHOLE_TREES` was not on the machine, and everything else that is
missing was not recorded.
"""

import json
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Final

from agent.host import (
    MOST_BYTES,
    TIME_LIMIT,
    CannotTell,
    FileMissing,
    NotRecorded,
    Os,
    Output,
    Process,
    RegistryValue,
    Row,
    TooLarge,
    ToolFailed,
    text,
)
from agent.recordings import tables
from agent.recordings.answers import answers_by_file_name
from agent.recordings.forms import (
    Listed,
    answer_in_another_form,
    fdinfo_from_listing,
    printed_file,
    processes_from_listings,
)
from agent.recordings.loose import Answers, decoded
from agent.recordings.spelling import plain
from agent.recordings.tables import REASONS, Taken, UnusableRecording

__all__ = ["Recording", "UnusableRecording"]

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
PARTS: Final = ("COMMANDS.tsv", "FILES.tsv", "PROCESSES.json", "REGISTRY.tsv", "cim", "cmd", "fs")
HEADS: Final = (".header", ".first512")


class Recording:
    """Replays one folder. It never looks at the machine it runs on."""

    def __init__(self, folder: Path, moment: str | None = None) -> None:
        """`moment` is one of `agent.recordings.loose.moments`; None is the last one."""
        if not folder.is_dir():
            raise UnusableRecording(f"{folder} is not a folder")
        self.folder = folder
        self.os: Os = tables.system_of(folder)
        self._loose = answers_by_file_name(folder, self.os, moment)
        if not any((folder / part).exists() for part in PARTS) and self._loose == Answers():
            raise UnusableRecording(
                f"{folder} is not a recording: none of {', '.join(PARTS)}, and no file whose name"
                f" says what it answers on {self.os}"
            )
        self._commands = tables.commands(folder)
        self._paths = tables.paths(folder)
        self._hives = tables.hives(folder) or self._loose.registry
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
        if not self._held(printed):
            raise NotRecorded(f"{line} is listed and its output {taken.file} is not there")
        errors = printed.with_name(printed.name + ".stderr")
        read = tables.unix_text if self.os == "linux" else decoded
        complaints = read(errors.read_bytes()) if self._held(errors) else ""
        status = tables.exit_status(taken.status, line)
        return Output(read(printed.read_bytes()), complaints, status)

    def _in_another_form(self, argv: tuple[str, ...]) -> Output:
        found = answer_in_another_form(
            argv,
            self._commands,
            lambda line: self._output(self._commands[line], line),
            self.folder / "cmd",
        )
        if found is not None:
            return found
        for line, answer in self._loose.commands.items():
            if plain(line.split()) == plain(argv):
                if isinstance(answer, CannotTell):
                    raise answer
                return answer
        raise NotRecorded(f"{' '.join(argv)} was not recorded")

    def _path(self, path: str) -> Path:
        return self.folder / "fs" / tables.below_fs(path)

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
            if (loose := self._loose.files.get(path)) is not None:
                return _sized(loose, path, limit)
            if (listed := fdinfo_from_listing(path, self.folder / "cmd")) is not None:
                return listed
            if (printed := printed_file(path, self._commands)) is not None:
                return self._output(self._commands[printed], printed).text.encode()
            if any(self._held(file.with_name(file.name + suffix)) for suffix in HEADS):
                raise NotRecorded(f"only the head of {path} was recorded")
            raise self._absent(path)
        content = file.read_bytes()
        return _sized(tables.unix_lines(content) if self.os == "linux" else content, path, limit)

    def head(self, path: str, size: int) -> bytes:
        file = self._path(path)
        for suffix in ("", *HEADS):
            candidate = file.with_name(file.name + suffix)
            if self._held(candidate):
                return candidate.read_bytes()[:size]
        if (loose := self._loose.files.get(path)) is not None:
            return _sized(loose, path, MOST_BYTES)[:size]
        raise self._absent(path)

    def list(self, folder: str) -> tuple[str, ...]:
        folder = folder.rstrip("/")
        if folder in self._paths.listed:
            return tuple(sorted(self._paths.listed[folder]))
        if (names := fdinfo_from_listing(folder, self.folder / "cmd")) is not None:
            return tuple(text(names).split("/"))
        if below := [path for path in self._loose.files if path.startswith(folder + "/")]:
            return tuple(sorted({path[len(folder) + 1 :].split("/")[0] for path in below}))
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
        if path in self._paths.modified:
            return self._paths.modified[path]
        if path not in self._loose.modified:
            raise self._absent(path)
        return datetime.fromisoformat(self._loose.modified[path])

    def run_in_session(
        self, uid: int, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT
    ) -> Output:
        line = tables.in_session(uid, argv)
        if line in self._commands:
            return self.run(*line.split(" "), ok=ok, time_limit=time_limit)
        return self.run(*argv, ok=ok, time_limit=time_limit)

    def registry(self, key: str, name: str) -> RegistryValue:
        return self._hives.value(key, name)

    def subkeys(self, key: str) -> tuple[str, ...]:
        return self._hives.subkeys(key)

    def cim(self, question: str) -> tuple[Row, ...]:
        answer = tables.rows(self.folder, question)
        answer = self._loose.rows.get(question) if answer is None else answer
        if answer is None:
            raise NotRecorded(f"{question} was not recorded")
        if isinstance(answer, CannotTell):
            raise answer
        return tuple(answer)

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


def _sized(content: bytes | CannotTell, path: str, limit: int) -> bytes:
    if isinstance(content, CannotTell):
        raise content
    if len(content) > limit:
        raise TooLarge(f"{path} holds more than {limit} bytes")
    return content


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
