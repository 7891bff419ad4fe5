"""Reads a setting where it decides: what a profile manages outranks what a person chose.

A daemon of root has to name the files: the preferences it would get by itself are root's own. An
absent key means the system's default, which is neither "on" nor "off": the caller must know it.
A person's files that may not be read (privacy protection denies them even to root) are asked for
with ``defaults`` inside the person's own session.
"""

import re
from dataclasses import dataclass

from agent.host import CannotTell, FileMissing, Host, NotRecorded, ToolFailed, Unparsable
from agent.macos import plists
from agent.macos.console import Person

MANAGED = "/Library/Managed Preferences"
COMPUTER = "/Library/Preferences"
ABSENT = re.compile(r"domain/default pair of .* does not exist|Domain .* does not exist")


@dataclass(frozen=True, slots=True)
class Setting:
    """A value, the file it was read from, and whether a profile put it there."""

    value: object
    source: str
    managed: bool


def managed(host: Host, domain: str, key: str, person: Person | None = None) -> Setting | None:
    """What a profile sets, for this person or the whole computer; None when none does.

    Raises what keeps a file from being read. A file that is not there sets nothing.
    """
    folders = [f"{MANAGED}/{person.name}"] if person else []
    for folder in (*folders, MANAGED):
        path = f"{folder}/{domain}.plist"
        fields = plists.read_if_there(host, path)
        if fields is not None and key in fields:
            return Setting(fields[key], path, managed=True)
    return None


def computer(host: Host, domain: str, key: str) -> Setting | None:
    """A profile's value, else that of the whole computer; None when neither is set.

    Of a recording that holds no profiles, the computer's own value.
    """
    try:
        found = managed(host, domain, key)
    except NotRecorded:
        found = None
    if found is not None:
        return found
    path = f"{COMPUTER}/{domain}.plist"
    try:
        fields = plists.read_if_there(host, path)
    except (NotRecorded, Unparsable) as trouble:
        return _computer_default(host, domain, key, trouble)
    if fields is None or key not in fields:
        return None
    return Setting(fields[key], path, managed=False)


def _computer_default(host: Host, domain: str, key: str, trouble: CannotTell) -> Setting | None:
    command = ("defaults", "read", f"{COMPUTER}/{domain}", key)
    try:
        value = _read(host.run(*command, ok=(0, 1)).text)
    except CannotTell:
        raise trouble from None
    return None if value is None else Setting(value, " ".join(command), managed=False)


def this_host(host: Host, person: Person, domain: str, key: str) -> Setting | None:
    """A person's value for this Mac (ByHost); None when it is not set. Raises CannotTell."""
    try:
        return _in_by_host(host, person, domain, key)
    except CannotTell as trouble:
        first = None if isinstance(trouble, NotRecorded) else trouble
        return _by_defaults(host, person, domain, key, first)


def _in_by_host(host: Host, person: Person, domain: str, key: str) -> Setting | None:
    if person.home is None:
        raise NotRecorded(f"the home directory of {person.name} is not known")
    folder = f"{person.home}/Library/Preferences/ByHost"
    pattern = re.compile(re.escape(domain) + r"\.([0-9A-F-]{36}|[0-9a-f]{12})\.plist")
    files = [name for name in host.list(folder) if pattern.fullmatch(name)]
    if len(files) > 1:  # a migrated home keeps the files of the Mac it came from
        raise Unparsable(f"{folder} holds {domain} of several Macs")
    if not files:
        return None
    path = f"{folder}/{files[0]}"
    try:
        fields = plists.read(host, path)
    except FileMissing:
        return None
    return Setting(fields[key], f"ByHost/{domain}", managed=False) if key in fields else None


def _by_defaults(
    host: Host, person: Person, domain: str, key: str, first: CannotTell | None
) -> Setting | None:
    """Raises the `first` trouble, with the file, where there was one."""
    command = ("defaults", "-currentHost", "read", domain, key)
    try:
        output = host.run_in_session(person.uid, *command, ok=(0, 1))
    except CannotTell as trouble:
        raise first or trouble from None
    if output.exit_status == 1 and not ABSENT.search(output.errors + output.text):
        raise ToolFailed(f"{' '.join(command)} ended with status 1")
    value = _read(output.text) if output.exit_status == 0 else None
    return None if value is None else Setting(value, " ".join(command), managed=False)


def _read(text: str) -> str | None:
    """What ``defaults read`` printed; None when it printed nothing, since the key is not set."""
    return text.strip() or None
