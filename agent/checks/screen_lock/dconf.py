"""Finds the value that counts for one dconf key, and whether the person may change it.

dconf(7): a profile names databases in order of priority; the first that has a key wins. A lock in
a database other than the first hides everything above it, and of several locks the one in the last
database counts. Key files in *.d are only the source of `dconf update` and are never read.
"""

from dataclasses import dataclass

from agent.checks.screen_lock.gvdb import Table, Value, parse_gvdb
from agent.checks.screen_lock.person import Person
from agent.host import FileMissing, Host, NoData, NotRecorded, Unparsable, read_text

LARGEST = 16 << 20
BUILT_IN = "user-db:user"


@dataclass(frozen=True, slots=True)
class Source:
    """One database of a profile. `table` is None when there is no such file."""

    path: str
    table: Table | None
    locks: Table | None


@dataclass(frozen=True, slots=True)
class Setting:
    """One value: None when no database holds it. `source` is where it was found."""

    value: Value | None
    locked: bool
    source: str = ""


class Dconf:
    """The databases of one person. Raises CannotTell when one that counts cannot be read."""

    def __init__(self, host: Host, person: Person) -> None:
        if person.environment.get("GSETTINGS_BACKEND", "dconf") not in ("", "dconf"):
            raise NoData(f"the session of {person.user} keeps its settings in another place")
        self.profile, lines = read_profile(host, person)
        self.sources = tuple(_open(host, person, line) for line in lines)
        self._own = bool(lines) and lines[0].startswith("user-db:")

    def get(self, key: str) -> Setting:
        """The value of a full key such as /org/gnome/desktop/session/idle-delay."""
        level = 0
        for number in range(len(self.sources) - 1, 0, -1):
            locks = self.sources[number].locks
            if locks is not None and key in locks:
                level = number
                break
        locked = level > 0 or not self._own
        for source in self.sources[level:]:
            value = source.table.value(key) if source.table else None
            if value is not None:
                return Setting(value, locked, source.path)
        return Setting(None, locked)


def parse_profile(content: str) -> tuple[str, ...]:
    """The databases a profile names, in order. Raises Unparsable."""
    lines = (line.partition("#")[0].strip() for line in content.splitlines())
    found = tuple(line for line in lines if line)
    for number, line in enumerate(found, 1):
        kind, _, name = line.partition(":")
        if kind not in ("user-db", "system-db", "file-db") or not name:
            raise Unparsable(f"entry {number} of a dconf profile is no database")
    return found


def read_profile(host: Host, person: Person) -> tuple[str, tuple[str, ...]]:
    """The profile's path and the databases it names; no database at all when it is lost."""
    run = [f"/run/dconf/user/{person.uid}"] if person.uid is not None else []
    for path in run:
        if (content := _profile(host, path)) is not None:
            return path, parse_profile(content)
    named = person.environment.get("DCONF_PROFILE", "")
    if named:
        places = [named] if named.startswith("/") else _places(person, named)
    else:
        own = [f"/run/user/{person.uid}/dconf/profile"] if person.uid is not None else []
        places = own + _places(person, "user")
    for path in places:
        if (content := _profile(host, path)) is not None:
            return path, parse_profile(content)
    return (f"{named} (not found)", ()) if named else ("the built-in profile", (BUILT_IN,))


def _places(person: Person, name: str) -> list[str]:
    shared = [f"{folder}/dconf/profile/{name}" for folder in person.data]
    return [f"/etc/dconf/profile/{name}", *shared]


def _profile(host: Host, path: str) -> str | None:
    """A profile that a recording does not hold was not on the machine: all of them are asked."""
    try:
        return read_text(host, path)
    except (FileMissing, NotRecorded):
        return None


def _open(host: Host, person: Person, line: str) -> Source:
    kind, _, name = line.partition(":")
    folders = {"user-db": f"{person.config}/dconf/", "system-db": "/etc/dconf/db/", "file-db": ""}
    path = folders[kind] + name
    try:
        table = _table(host, path)
    except FileMissing:
        return Source(path, None, None)
    return Source(path, table, table.table(".locks"))


def _table(host: Host, path: str) -> Table:
    """A file that is just being replaced is opened once more."""
    try:
        return parse_gvdb(host.read(path, LARGEST))
    except Unparsable:
        pass
    try:
        return parse_gvdb(host.read(path, LARGEST))
    except Unparsable as trouble:
        raise Unparsable(f"{path}: {trouble}") from trouble


def number(setting: Setting, key: str) -> int | None:
    """A whole number; None when unset. Raises Unparsable for another type."""
    if setting.value is None:
        return None
    if isinstance(setting.value, bool) or not isinstance(setting.value, int):
        raise Unparsable(f"dconf {key} is no whole number")
    return setting.value


def switch(setting: Setting, key: str) -> bool | None:
    """True or false; None when unset. Raises Unparsable for another type."""
    if setting.value is None or isinstance(setting.value, bool):
        return setting.value
    raise Unparsable(f"dconf {key} is neither true nor false")
