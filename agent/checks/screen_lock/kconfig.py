"""Reads KDE's configuration files and lays them over each other as KConfig does.

https://api.kde.org/kconfig.html and the kiosk documentation: [a][b] is a nested group; [$i] behind
a file's first line, a group or a key makes it immutable for files of less weight; [$d] deletes a
key; names are case sensitive; a key with a locale such as [de] is another key.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.host import Unparsable

GROUP = re.compile(r"((?:\[[^\]]*\])+)")
OPTIONS = re.compile(r"^(.*?)\[\$([a-z]+)\]$")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One value and the file it came from. `value` is None for a deleted key."""

    value: str | None
    immutable: bool
    source: str = ""


@dataclass(slots=True)
class File:
    """One parsed file. Nested groups are joined by a byte that cannot be in a name."""

    entries: dict[Key, Entry] = field(default_factory=dict)
    immutable_groups: set[str] = field(default_factory=set)
    immutable: bool = False


def parse_kconfig(content: str, source: str = "") -> File:
    """Read one file. Lines of another form are left out, as KConfig does. Raises Unparsable."""
    if "\0" in content:
        raise Unparsable(f"{source} holds bytes that are no text")
    file = File()
    group = "<default>"
    for line in map(str.strip, content.splitlines()):
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            group = _group(file, line, group)
            continue
        name, equals, value = line.partition("=")
        if equals:
            key, options = _options(name.strip())
            deleted = "d" in options
            said = None if deleted else value.strip()
            if "e" in options and said is not None and "$" in said:
                raise Unparsable(f"{source}: {key} is expanded by a shell")
            file.entries[(group, key)] = Entry(said, "i" in options, source)
    return file


def _group(file: File, line: str, group: str) -> str:
    if (header := GROUP.match(line)) is None:
        return group
    names = re.findall(r"\[([^\]]*)\]", header[1])
    options = names.pop() if names[-1].startswith("$") and names[-1] != "$Version" else ""
    if not names:
        file.immutable = file.immutable or "i" in options
        return group
    joined = "\x1d".join(names)
    if "i" in options:
        file.immutable_groups.add(joined)
    return joined


def _options(name: str) -> tuple[str, str]:
    found = OPTIONS.match(name)
    return (found[1].strip(), found[2]) if found else (name, "")


def lay_over(files: Iterable[File]) -> dict[Key, Entry]:
    """The values that count. The files come from the least important to the most important."""
    merged: dict[Key, Entry] = {}
    groups: set[str] = set()
    for file in files:
        for key, entry in file.entries.items():
            held = merged.get(key)
            if key[0] in groups or (held is not None and held.immutable):
                continue
            fixed = entry.immutable or key[0] in file.immutable_groups or file.immutable
            merged[key] = Entry(entry.value, fixed, entry.source)
        groups |= file.immutable_groups
        if file.immutable:
            break
    return merged
