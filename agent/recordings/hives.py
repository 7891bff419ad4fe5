r"""A recorded registry: what is known of keys and values, and of what is not there.

REGISTRY.tsv has one line an answer, ``<kind> <key> <name> <JSON>`` with tabs between: REG_SZ,
REG_DWORD, REG_BINARY (hexadecimal), REG_MULTI_SZ; absent, denied; and ``keys`` for the names right
below a key, ``keys absent`` and ``keys denied`` where there are none to tell.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.host import CannotTell, Denied, FileMissing, NotRecorded, RegistryValue

TROUBLES: dict[str, type[CannotTell]] = {"absent": FileMissing, "denied": Denied}
ROOTS = {
    "hkey_local_machine": "HKLM",
    "hkey_users": "HKU",
    "machine": "HKLM",  # secedit
    "hklm:": "HKLM",  # PowerShell's drive
}


class NoRegistryTable(Exception):
    """A line of REGISTRY.tsv is not of the form; the message says which."""


@dataclass(slots=True)
class Hives:
    """Keys and names are found in any case; `spelled` keeps a key as it was first written.

    `strict`: which keys there are is known only where they were listed.
    """

    strict: bool = False

    values: dict[tuple[str, str], RegistryValue | CannotTell] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    listed: dict[str, tuple[str, ...] | CannotTell] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    """Keys, in lower case, of which everything below was taken down."""

    def put(self, key: str, name: str, value: RegistryValue | CannotTell) -> None:
        """The first answer stays."""
        key = plain_key(key)
        self.spelled.setdefault(key.lower(), key)
        if not isinstance(value, CannotTell):
            self.there.add(key.lower())
        self.values.setdefault((key.lower(), name.lower()), value)

    def note(self, key: str, whole: bool = False) -> None:
        """The key is there, and with `whole` nothing is below it but what is put here."""
        key = plain_key(key)
        self.spelled.setdefault(key.lower(), key)
        self.there.add(key.lower())
        if whole:
            self.whole.add(key.lower())

    def list(self, key: str, names: tuple[str, ...] | CannotTell) -> None:
        """All the names right below a key, or why they cannot be told."""
        self.spelled.setdefault(key.lower(), key)
        self.listed.setdefault(key.lower(), names)

    def value(self, key: str, name: str) -> RegistryValue:
        """As `agent.host.Host.registry`; raises NotRecorded as well."""
        found = self.values.get((key.lower(), name.lower()))
        if found is None and self._is_whole(key):
            raise FileMissing(f"{key} has no value {name}")
        if found is None:
            raise NotRecorded(f"{key} {name} was not recorded")
        if isinstance(found, CannotTell):
            raise found
        return found

    def subkeys(self, key: str) -> tuple[str, ...]:
        """As `agent.host.Host.subkeys`; raises NotRecorded as well."""
        listed = self.listed.get(key.lower())
        if isinstance(listed, CannotTell):
            raise listed
        if listed is not None:
            return listed
        below = [self.spelled[k] for k in self.there if k.startswith(key.lower() + "\\")]
        if below and not self.strict:
            return tuple(sorted({k[len(key) + 1 :].split("\\")[0] for k in below}))
        if not self._is_whole(key):
            raise NotRecorded(f"the keys below {key} were not recorded")
        if key.lower() not in self.there:
            raise FileMissing(f"{key} does not exist")
        return ()

    def _is_whole(self, key: str) -> bool:
        return any(f"{key.lower()}\\".startswith(f"{whole}\\") for whole in self.whole)

    def lines(self) -> Iterator[str]:
        """REGISTRY.tsv, sorted."""
        found = []
        for (key, name), value in self.values.items():
            kind, said = _said(value)
            found.append("\t".join((kind, self.spelled[key], name, said)))
        for key, names in self.listed.items():
            kind, said = ("keys", json.dumps(list(names))) if isinstance(names, tuple) else ("", "")
            kind = kind or f"keys {_said(names)[0]}"
            found.append("\t".join((kind, self.spelled[key], "", said)))
        return iter(sorted(found))


def plain_key(key: str) -> str:
    r"""The key as the checks name it.

    >>> plain_key("HKEY_LOCAL_MACHINE\\Software\\Policies")
    'HKLM\\Software\\Policies'
    """
    root, slash, rest = key.strip().strip("\\").partition("\\")
    return ROOTS.get(root.lower(), root) + slash + rest


def _said(value: RegistryValue | tuple[str, ...] | CannotTell) -> tuple[str, str]:
    if isinstance(value, CannotTell):
        return ("denied" if isinstance(value, Denied) else "absent"), ""
    if isinstance(value, bytes):
        return "REG_BINARY", json.dumps(value.hex())
    if isinstance(value, tuple):
        return "REG_MULTI_SZ", json.dumps(list(value))
    return ("REG_DWORD" if isinstance(value, int) else "REG_SZ"), json.dumps(value)


def from_table(lines: list[str]) -> Hives:
    """Read REGISTRY.tsv. Raises NoRegistryTable."""
    hives = Hives(strict=True)
    for number, line in enumerate(lines, 1):
        kind, key, name, said = (*line.split("\t"), "", "", "", "")[:4]
        if not line.strip():
            continue
        try:
            _read(hives, kind, key, name, said)
        except (ValueError, TypeError, KeyError) as error:
            raise NoRegistryTable(f"REGISTRY.tsv:{number}: {line!r} is no answer") from error
    return hives


def _read(hives: Hives, kind: str, key: str, name: str, said: str) -> None:
    if kind == "keys":
        hives.list(key, tuple(str(each) for each in json.loads(said)))
    elif kind.startswith("keys "):
        trouble = TROUBLES[kind.removeprefix("keys ")]
        hives.list(key, trouble(f"{key}: recorded as {kind.removeprefix('keys ')}"))
    elif kind in TROUBLES:
        hives.put(key, name, TROUBLES[kind](f"{key} {name}: recorded as {kind}"))
    else:
        hives.put(key, name, _value(kind, json.loads(said)))


def _value(kind: str, said: object) -> RegistryValue:
    if kind == "REG_DWORD" and isinstance(said, int):
        return said
    if kind == "REG_BINARY" and isinstance(said, str):
        return bytes.fromhex(said)
    if kind == "REG_MULTI_SZ" and isinstance(said, list):
        return tuple(str(each) for each in said)
    if kind == "REG_SZ" and isinstance(said, str):
        return said
    raise ValueError(kind)
