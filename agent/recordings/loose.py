"""Loose files that others recorded, one a tool's output: what their names say besides the tool.

``<tool and words>[.<moment>][.stderr|.rc][.excerpt|.truncated].<kind>``: a moment is ``step1-off``
or ``2-after``; the files of one moment, and those without one, belong to one state of the machine.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from agent.host import MOST_BYTES, CannotTell, Os, Output, Row, text
from agent.recordings.hives import Hives

KINDS = ("txt", "json", "plist", "xml", "wmi", "reg", "inf", "log", "csv", "mof", "cfg", "out")
SPACED = re.compile(r"\.exe(?=[\s_-]|$)|\s+", re.IGNORECASE)
"""What a recorder who named a file after the whole command line left in its name."""
PARTIAL = re.compile(r"excerpts?|truncated|part|head|tail|[\w-]+-tail")
MOMENT = re.compile(r"(?:step|moment)?(\d{1,2})-[\w-]+|(?:step|moment)(\d+)")
SIGNS: tuple[tuple[Os, re.Pattern[str]], ...] = (
    ("windows", re.compile(r".*\.(?:wmi|reg)|(?:Get-|wmic|manage-bde|reg_|netsh|Win32_|MSFT_).*")),
    (
        "macos",
        re.compile(r".*\.plist|(?:system_profiler|sw_vers|fdesetup|csrutil|diskutil|pmset).*"),
    ),
)
"""Files that only one system's tools leave."""
PROSE = ("EXPECTED.md", "SOURCES.md", "README.md", "SYSTEM")

Answer = Output | CannotTell


@dataclass(slots=True)
class Loose:
    """One tool's answer: what it printed (None: only its complaint is here), and how it ended."""

    name: str
    kind: str = "txt"
    content: bytes | None = None
    errors: str = ""
    status: int | None = None
    """None: how it ended was not recorded."""
    partial: bool = False
    """What is not in it may have been on the machine all the same."""

    @property
    def text(self) -> str:
        return decoded(self.content or b"")

    @property
    def output(self) -> Output:
        return Output(self.text, self.errors, self.status or 0)


@dataclass(slots=True)
class Answers:
    """What a folder of loose files answers."""

    known: list[str] = field(default_factory=list)
    """The files that a reader knew, whether or not a question of ours is answered by them."""
    commands: dict[str, Answer] = field(default_factory=dict)
    """By command line, program by name: ``socketfilterfw --getglobalstate``."""
    files: dict[str, bytes | CannotTell] = field(default_factory=dict)
    registry: Hives = field(default_factory=Hives)
    rows: dict[str, list[Row] | CannotTell] = field(default_factory=dict)
    modified: dict[str, str] = field(default_factory=dict)
    """By path, when it was changed, as ISO 8601."""


def decoded(content: bytes) -> str:
    """UTF-16 with its mark (wmic, reg export, secedit) or without, else UTF-8; never an error."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if content[1:2] == b"\0" and content[3:4] == b"\0":
        return content.decode("utf-16-le", "replace")
    if content[:1] == b"\0" and content[2:3] == b"\0":
        return content.decode("utf-16-be", "replace")
    return text(content.removeprefix(b"\xef\xbb\xbf"))


def moments(folder: Path) -> tuple[str, ...]:
    """The states of one machine that a folder holds, first one first; () when it is only one."""
    found: dict[int, str] = {}
    for file in _files(folder):
        if (moment := _endings(file.name).moment) is not None:
            found.setdefault(moment[0], moment[1])
    return tuple(found[number] for number in sorted(found))


def system_by_files(folder: Path) -> Os | None:
    """The system whose tools left their files here; None where none or several did."""
    names = [file.name for file in _files(folder)]
    found = [system for system, sign in SIGNS if any(sign.fullmatch(name) for name in names)]
    return found[0] if len(found) == 1 else None


def loose_files(folder: Path, moment: str | None = None) -> list[Loose]:
    """The answers in `folder` and its ``cmd/``, at one moment (None: the last one), by name."""
    known = moments(folder)
    wanted = moment if moment is not None else (known[-1] if known else None)
    number = None if wanted is None else _number(wanted)
    found: dict[str, Loose] = {}
    for file in _files(folder):
        endings = _endings(file.name)
        if endings.moment is not None and endings.moment[0] != number:
            continue
        whole = found.setdefault(endings.name, Loose(endings.name))
        if whole.content is not None and endings.stream == "stdout":  # the same in two forms
            whole = found.setdefault(f"{endings.name}.{endings.kind}", Loose(endings.name))
        _add(whole, endings, file.read_bytes())
    return [found[name] for name in sorted(found)]


@dataclass(frozen=True, slots=True)
class _Endings:
    name: str
    kind: str
    moment: tuple[int, str] | None
    stream: str
    partial: bool


def _files(folder: Path) -> list[Path]:
    here = [f for place in (folder, folder / "cmd") if place.is_dir() for f in place.iterdir()]
    kept = [f for f in here if f.is_file() and f.name not in PROSE and f.suffix != ".md"]
    return sorted(f for f in kept if f.stat().st_size <= MOST_BYTES)


def _endings(name: str) -> _Endings:
    """
    >>> _endings("Get-BitLockerVolume.stderr.excerpt.txt")
    _Endings(name='Get-BitLockerVolume', kind='txt', moment=None, stream='stderr', partial=True)
    >>> _endings("pmset_-g.2-after-set-0.txt").moment
    (2, '2-after-set-0')
    >>> _endings("reg.exe query HKLM.out").name
    'reg_query_HKLM'
    """
    parts = SPACED.sub(lambda found: "_" if found[0].isspace() else "", name).split(".")
    kind = parts.pop().lower() if len(parts) > 1 and parts[-1].lower() in KINDS else "txt"
    moment, stream, partial = None, "stdout", False
    while len(parts) > 1:
        last = parts[-1]
        if (found := MOMENT.fullmatch(last)) is not None:
            moment = (int(found[1] or found[2]), last)
        elif last in ("stdout", "stderr", "rc"):
            stream = last
        elif PARTIAL.fullmatch(last):
            partial = True
        else:
            break
        parts.pop()
    return _Endings(".".join(parts), kind, moment, stream, partial)


def _number(moment: str) -> int | None:
    found = MOMENT.fullmatch(moment)
    return int(found[1] or found[2]) if found else None


def _add(whole: Loose, endings: _Endings, content: bytes) -> None:
    if endings.stream == "stderr":
        whole.errors = decoded(content)
    elif endings.stream == "rc":
        digits = re.search(r"-?\d+", decoded(content))
        whole.status = int(digits[0]) if digits else whole.status
    else:
        whole.kind, whole.content = endings.kind, content
    whole.partial = whole.partial or endings.partial
