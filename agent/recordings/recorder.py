"""Takes down a machine's answers, exactly those the checks ask, as `agent.recordings.replay` reads.

With redaction on, serial numbers, hardware addresses, UUIDs, labels, the host name, account names
and machine ids are replaced, and a person's binary files (dconf: every setting there is) are left
out: see `agent.recordings.redaction`. Passwords and keys are never asked for, so never written;
what a person's link leads to outside their home is not written either.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from agent.host import (
    MOST_BYTES,
    TIME_LIMIT,
    CannotTell,
    Denied,
    FileMissing,
    Host,
    Os,
    Output,
    Process,
    RegistryValue,
    Row,
    ToolFailed,
)
from agent.recordings.astray import is_home, leads_astray
from agent.recordings.hives import Hives
from agent.recordings.redaction import Redaction
from agent.recordings.tables import REASONS, below_fs, in_session

WORDS: dict[type[CannotTell], str] = {kind: word for word, kind in REASONS.items()}
ANY_STATUS = range(-255, 256)
KEPT = (
    "DBUS_SESSION_BUS_ADDRESS",
    "DCONF_PROFILE",
    "HOME",
    "XDG_CONFIG_DIRS",
    "XDG_CONFIG_HOME",
    "XDG_CURRENT_DESKTOP",
    "XDG_DATA_DIRS",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_ID",
    "XDG_SESSION_TYPE",
)
"""The only environment variables that any check reads, and so the only ones written down."""

TELLING = ("swayidle", "hypridle", "xss-lock", "xautolock", "xidlehook", "clamd", "clamonacc")
"""Programs whose arguments are the setting a check reads."""


class Recorder:
    """Stands between the checks and a host, and writes down what passes. Call `finish` at the end.

    The folder must be new or empty; a recording is never mixed with another. It appears whole at
    `finish`; until then everything is in a folder beside it, which `discard` removes.
    """

    def __init__(self, host: Host, folder: Path, redaction: Redaction | None = None) -> None:
        if folder.exists() and any(folder.iterdir()):
            raise FileExistsError(f"{folder} is not empty: name a new folder")
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._host = host
        self._target = folder
        self._folder = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        self._redact = redaction
        self._commands: dict[str, tuple[str, str]] = {}
        self._files: dict[str, tuple[str, ...]] = {}
        self._links: dict[str, str] = {}
        self._modified: dict[str, str] = {}
        self._hives = Hives()
        self._running: tuple[Process, ...] = ()
        self._environments: dict[int, dict[str, str]] = {}
        self._write("SYSTEM", f"{host.os}\n".encode())

    @property
    def os(self) -> Os:
        return self._host.os

    def run(self, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT) -> Output:
        line = " ".join(argv)
        return self._asked(
            line, lambda: self._host.run(*argv, ok=ANY_STATUS, time_limit=time_limit), ok
        )

    def _asked(self, line: str, question: Callable[[], Output], ok: Collection[int]) -> Output:
        try:
            output = question()
        except CannotTell as trouble:
            self._commands[self._said(line)] = ("-", WORDS.get(type(trouble), "missing"))
            raise
        self._take_down(self._said(line), output)
        if output.exit_status not in ok:
            raise ToolFailed(f"{line} ended with status {output.exit_status}")
        return output

    def _take_down(self, line: str, output: Output) -> None:
        if line in self._commands:
            return
        name = _file_name(line, len(self._commands) + 1)
        self._commands[line] = (name, f"rc={output.exit_status}")
        self._write(f"cmd/{name}", self._said(output.text).encode())
        if output.errors:
            self._write(f"cmd/{name}.stderr", self._said(output.errors).encode())

    def read(self, path: str, limit: int = MOST_BYTES) -> bytes:
        astray = leads_astray(self._host, path)
        with self._reason_for(path):
            content = self._host.read(path, limit)
        if not astray and not leads_astray(self._host, path):  # a link can be exchanged meanwhile
            self._keep(f"fs/{below_fs(self._said(path))}", path, content)
        return content

    def head(self, path: str, size: int) -> bytes:
        with self._reason_for(path):
            content = self._host.head(path, size)
        place = f"fs/{below_fs(self._said(path))}"
        if not (self._folder / place).is_file() and not leads_astray(self._host, path):
            self._keep(f"{place}.header", path, content)
        return content

    def list(self, folder: str) -> tuple[str, ...]:
        with self._reason_for(folder):
            names = self._host.list(folder)
        if leads_astray(self._host, folder):
            return names
        told = [name for name in names if name[0] == "."] if is_home(folder) else names
        said = "/".join(self._said(name) for name in told)
        self._files[self._said(folder.rstrip("/"))] = ("listed", said)
        return names

    def link(self, path: str) -> str:
        with self._reason_for(path):
            target = self._host.link(path)
        # Named, not made: a link in the folder would lead whoever reads or writes it astray.
        self._links[self._said(path)] = self._said(target)
        return target

    def processes(self) -> tuple[Process, ...]:
        self._running = self._host.processes()
        return self._running

    def environment(self, pid: int) -> dict[str, str]:
        environment = self._host.environment(pid)
        self._environments[pid] = {name: environment[name] for name in KEPT if name in environment}
        return environment

    def modified_at(self, path: str) -> datetime:
        with self._reason_for(path):
            at = self._host.modified_at(path)
        self._modified[self._said(path)] = at.isoformat()
        return at

    def run_in_session(
        self, uid: int, *argv: str, ok: Collection[int] = (0,), time_limit: float = TIME_LIMIT
    ) -> Output:
        def question() -> Output:
            return self._host.run_in_session(uid, *argv, ok=ANY_STATUS, time_limit=time_limit)

        return self._asked(in_session(uid, argv), question, ok)

    def registry(self, key: str, name: str) -> RegistryValue:
        try:
            value = self._host.registry(key, name)
        except CannotTell as trouble:
            if type(trouble) in (FileMissing, Denied):
                self._hives.put(self._said(key), name, trouble)
            raise
        redact = self._redact
        self._hives.put(self._said(key), name, redact.value(name, value) if redact else value)
        return value

    def subkeys(self, key: str) -> tuple[str, ...]:
        try:
            names = self._host.subkeys(key)
        except CannotTell as trouble:
            if type(trouble) in (FileMissing, Denied):
                self._hives.list(self._said(key), trouble)
            raise
        self._hives.list(self._said(key), tuple(self._said(name) for name in names))
        return names

    def cim(self, question: str) -> tuple[Row, ...]:
        file = f"cim/{question}.json"
        try:
            rows = self._host.cim(question)
        except CannotTell as trouble:
            why = {"trouble": WORDS.get(type(trouble), "failed"), "said": self._said(str(trouble))}
            self._write(file, (json.dumps(why, indent=1) + "\n").encode())
            raise
        redact = self._redact
        kept = [redact.row(row) if redact else dict(row) for row in rows]
        self._write(file, (json.dumps(kept, indent=1, sort_keys=True) + "\n").encode())
        return rows

    @contextmanager
    def _reason_for(self, path: str) -> Iterator[None]:
        try:
            yield
        except CannotTell as trouble:
            kind = WORDS.get(type(trouble))
            if kind is not None:
                self._files[self._said(path)] = (kind,)
            raise

    def _said(self, words: str) -> str:
        return self._redact(words) if self._redact else words

    def _keep(self, name: str, path: str, content: bytes) -> None:
        """What may not be written down was not recorded, and is unknown when read again."""
        kept = self._redact.file(path, content) if self._redact else content
        if kept is not None:
            self._write(name, kept)

    def _write(self, name: str, content: bytes) -> None:
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def finish(self) -> None:
        """Write the tables: after this the folder is a whole recording."""
        commands = [f"{file}\t{said}\t{line}\n" for line, (file, said) in self._commands.items()]
        self._write("COMMANDS.tsv", "".join(commands).encode())
        files = ["\t".join((kind, path, *rest)) for path, (kind, *rest) in self._files.items()]
        files += ["\t".join(("modified", path, at)) for path, at in self._modified.items()]
        files += ["\t".join(("link", path, target)) for path, target in self._links.items()]
        self._write("FILES.tsv", "".join(line + "\n" for line in sorted(files)).encode())
        if self._hives != Hives():
            table = "".join(line + "\n" for line in self._hives.lines())
            self._write("REGISTRY.tsv", table.encode())
        if self._running:
            entries = [self._entry(process) for process in self._running]
            self._write("PROCESSES.json", (json.dumps(entries, indent=1) + "\n").encode())
        self._folder.chmod(0o700)
        self._folder.rename(self._target)  # takes the place of an empty folder, and of nothing else

    def discard(self) -> None:
        """Leave nothing behind; after `finish` there is nothing to discard."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _entry(self, process: Process) -> dict[str, object]:
        """Only the program name of an unrelated process is kept; arguments can hold secrets."""
        wanted = process.pid in self._environments or process.name in TELLING
        arguments = process.arguments if wanted else None
        environment = self._environments.get(process.pid)
        return {
            "pid": process.pid,
            "name": process.name,
            "user": self._said(process.user) if process.user else None,
            "executable": process.executable,
            "arguments": [self._said(word) for word in arguments] if arguments else None,
            "environment": {key: self._said(value) for key, value in environment.items()}
            if environment
            else None,
        }


def _file_name(line: str, number: int) -> str:
    """A readable file name for a command: its words, shortened, behind a number.

    >>> _file_name("nft -j list ruleset", 3)
    '003-nft-j-list-ruleset.txt'
    """
    words = re.sub(r"[^A-Za-z0-9]+", "-", line).strip("-")[:60]
    return f"{number:03}-{words}.txt"
