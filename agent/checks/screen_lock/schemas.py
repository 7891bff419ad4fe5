"""The defaults of settings: what a schema says, as the distribution has overridden it.

glib-compile-schemas(1): the .gschema.override files of a folder apply in the order of their names;
a section [schema:NAME] counts only on a desktop of that name, and before a plain section. What was
compiled is what GSettings reads: the sources stand in only where there is no compiled file.
"""

import re
from collections.abc import Mapping
from xml.etree import ElementTree

from agent.checks.screen_lock.compiled import parse_default, read_compiled
from agent.checks.screen_lock.gvdb import Table
from agent.checks.screen_lock.person import Person
from agent.host import (
    CannotTell,
    Conflicting,
    FileMissing,
    Host,
    NotRecorded,
    Unparsable,
    read_text,
)

Default = bool | int
WORDS: dict[str, Default] = {"true": True, "false": False}
NUMBER = re.compile(r"(?:(?:u?int(?:16|32|64)|byte) )?(-?\d{1,12}|0x[0-9a-f]{1,8})")


class Schemas:
    """The schemas one person's desktop sees."""

    def __init__(self, host: Host, person: Person, desktops: tuple[str, ...] = ()) -> None:
        self._host = host
        shared = [*person.data, "/run/current-system/sw/share"]
        self._folders = [f"{folder}/glib-2.0/schemas" for folder in dict.fromkeys(shared)]
        self._certain = bool(person.desktops)
        self._desktops = person.desktops or desktops
        self._compiled: dict[str, Table | None] = {}

    def default(self, schema: str, key: str, upstream: Default) -> Default:
        """The default of one key. `upstream` stands for a schema that a recording does not hold.

        Raises FileMissing when the schema is not installed, and other CannotTell.
        """
        for folder in self._folders:
            if (table := self._table(folder)) is not None:
                if (keys := table.table(schema)) is None:
                    continue
                default, by_desktop = parse_default(keys, key)
                return self._chosen(key, default, by_desktop)
            try:
                content = read_text(self._host, f"{folder}/{schema}.gschema.xml")
            except FileMissing:
                continue
            except NotRecorded:
                if folder.startswith("/usr/share"):
                    return upstream
                continue
            return self._overridden(folder, schema, key, parse_schema(content, schema, key))
        raise FileMissing(f"the schema {schema} is not installed where it is looked for")

    def _table(self, folder: str) -> Table | None:
        """The compiled file of a folder; None where there is none, or none was recorded."""
        if folder not in self._compiled:
            try:
                self._compiled[folder] = read_compiled(self._host, folder)
            except (FileMissing, NotRecorded):
                self._compiled[folder] = None
        return self._compiled[folder]

    def _chosen(self, key: str, default: Default, by_desktop: Mapping[str, Default]) -> Default:
        """The default on this desktop. Raises Conflicting when the desktop is not certain."""
        for desktop in self._desktops:
            if desktop in by_desktop:
                return by_desktop[desktop]
        if set(by_desktop.values()) - {default} and not self._certain:
            raise Conflicting(f"the default of {key} depends on the desktop")
        return default

    def _overridden(self, folder: str, schema: str, key: str, default: Default) -> Default:
        said: dict[str, Default] = {schema: default}
        for name in self._host.list(folder):
            if name.endswith(".gschema.override"):
                said |= parse_override(read_text(self._host, f"{folder}/{name}"), key)
        start = f"{schema}:"
        others = {name[len(start) :]: said[name] for name in said if name.startswith(start)}
        return self._chosen(key, said[schema], others)


def parse_schema(content: str, schema: str, key: str) -> Default:
    """The default of a key in a .gschema.xml file. Raises Unparsable."""
    if "<!ENTITY" in content:
        raise Unparsable(f"{schema}.gschema.xml declares entities")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - installed by root, no entities
    except ElementTree.ParseError as error:
        raise Unparsable(f"{schema}.gschema.xml: {error}") from error
    for found in root.iter("schema"):
        if found.get("id") == schema:
            for one in found.iter("key"):
                if one.get("name") == key:
                    return parse_value(one.findtext("default", ""), key)
    raise Unparsable(f"{schema}.gschema.xml has no key {key}")


def parse_override(content: str, key: str) -> dict[str, Default]:
    """What each section of an override file says of a key. Raises Unparsable."""
    found: dict[str, Default] = {}
    section = ""
    for line in map(str.strip, content.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#") and name.strip() == key:
            try:
                found[section] = parse_value(value, key)
            except CannotTell:
                if section.startswith("org."):
                    raise
    return found


def parse_value(words: str, key: str) -> Default:
    """A GVariant in text form: true, false or a whole number. Raises Unparsable."""
    said = words.strip()
    if said in WORDS:
        return WORDS[said]
    if (match := NUMBER.fullmatch(said)) is None:
        raise Unparsable(f"the default of {key} is {said!r}")
    return int(match[1], 0) if match[1].startswith("0x") else int(match[1])
