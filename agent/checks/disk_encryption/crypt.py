"""Reads what dm-crypt does now (the device-mapper table) and what a LUKS2 header says."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from agent.host import CannotTell, Denied, Host, ToolFailed, Unparsable

TABLE_LINE = re.compile(r"(.+?): (\d+) (\d+) (\S+)(?: (.*))?")
PASS_THROUGH = re.compile(
    r"linear|striped|mirror|raid|thin|thin-pool|cache|writecache|snapshot|snapshot-origin"
    r"|snapshot-merge|multipath|era|delay|vdo|verity|integrity|flakey|unstriped|switch"
)
"""Targets that hand the data down as it is; verity and integrity prove it and hide nothing."""


@dataclass(frozen=True, slots=True)
class Target:
    """One segment of a mapping: its type, and the cipher when that is "crypt"."""

    kind: str
    cipher: str = ""

    @property
    def encrypts(self) -> bool:
        """A real cipher; cryptsetup also accepts cipher_null, which stores everything in clear."""
        return self.kind == "crypt" and bool(self.cipher) and "null" not in self.cipher

    @property
    def passes(self) -> bool:
        return bool(PASS_THROUGH.fullmatch(self.kind))


def parse_dm_table(content: str) -> dict[str, tuple[Target, ...]]:
    """`dmsetup table`: the targets of every mapping, by name. Raises Unparsable."""
    tables: dict[str, tuple[Target, ...]] = {}
    for line in content.splitlines():
        if not line.strip() or line.startswith("No devices found"):
            continue
        found = TABLE_LINE.fullmatch(line.rstrip())
        if found is None:
            if re.fullmatch(r"\S.*:", line.rstrip()):  # a mapping without a live table
                continue
            raise Unparsable(f"not a line of dmsetup table: {line}")
        name, kind, words = found[1], found[4], (found[5] or "").split()
        if kind == "crypt" and len(words) < 5:
            raise Unparsable(f"dmsetup table was cut off: {line}")
        cipher = words[0] if kind == "crypt" else ""
        tables[name] = (*tables.get(name, ()), Target(kind, cipher))
    return tables


def read_dm_table(host: Host) -> dict[str, tuple[Target, ...]]:
    """Needs root: device-mapper's control node is closed to others. Raises CannotTell."""
    output = host.run("dmsetup", "table", ok=(0, 1))
    if "Permission denied" in output.errors:
        raise Denied("dmsetup table may not be asked by this account")
    if output.exit_status:
        raise ToolFailed(f"dmsetup table ended with status {output.exit_status}")
    return parse_dm_table(output.text)


def parse_status(content: str) -> Target:
    """`cryptsetup status NAME` of an active mapping that names a cipher. Raises Unparsable."""
    active = re.match(r"\S+ is active[. ]", content)
    cipher = re.search(r"^  cipher: +(\S+)\n", content, re.MULTILINE)
    if active is None or cipher is None or "-" not in cipher[1]:
        raise Unparsable("cryptsetup status names no cipher of an active mapping")
    return Target("crypt", cipher[1])


def read_status(host: Host, mappings: Iterable[str]) -> dict[str, tuple[Target, ...]]:
    """The same as the table, of encrypting mappings alone. Needs root. Raises CannotTell."""
    return {name: (parse_status(host.run("cryptsetup", "status", name).text),) for name in mappings}


@dataclass(frozen=True, slots=True)
class Header:
    """A LUKS2 header: live segment types, tokens, and whether a conversion is under way."""

    segments: tuple[str, ...]
    tokens: tuple[str, ...]
    tpm_asks_pin: bool | None
    """None where the header's form does not tell."""
    converting: bool

    @property
    def hardware_only(self) -> bool:
        """The drive encrypts (OPAL); the mapping above is a plain one."""
        return bool(self.segments) and all(kind.startswith("hw-opal") for kind in self.segments)


def parse_luks2_json(content: str) -> Header:
    """`cryptsetup luksDump --dump-json-metadata`. Raises Unparsable."""
    try:
        return _from_json(json.loads(content))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unparsable("the LUKS2 header is not in the documented form") from error


def _from_json(header: Any) -> Header:
    every = [
        (str(segment["type"]), " ".join(map(str, segment.get("flags", ()))))
        for segment in header["segments"].values()
    ]
    live = [kind for kind, flags in every if "backup-" not in flags]
    tokens = header.get("tokens", {}).values()
    pins = [token.get("tpm2-pin") is True for token in tokens if token["type"] == "systemd-tpm2"]
    mandatory = header["config"].get("requirements", {}).get("mandatory", ())
    return Header(
        tuple(live),
        tuple(sorted(str(token["type"]) for token in tokens)),
        bool(pins) and all(pins),
        _converting(live, every, " ".join(map(str, mandatory))),
    )


def _converting(live: list[str], every: list[tuple[str, str]], requirements: str) -> bool:
    """Some of the data is plain now. Only a change of key is known by both its ends, before and
    after, being encrypted (LUKS2 on-disk format, section 5).
    """
    if "linear" in live:
        return True
    ends = [kind for kind, flags in every if "backup-" in flags]
    new_key_only = len(ends) >= 2 and all(kind == "crypt" for kind in (*live, *ends))
    return "reencrypt" in requirements and not new_key_only


def parse_luks2_text(content: str) -> Header:
    """`cryptsetup luksDump`, the form for people, of a version 2 header. Raises Unparsable."""
    if not re.search(r"^Version:\s+2\s*$", content, re.MULTILINE):
        raise Unparsable("luksDump shows no LUKS2 header")
    segments = _numbered(content, "Data segments")
    every = [(k, f[1] if (f := re.search(r"flags\s*:(.*)", body)) else "") for k, body in segments]
    live = [kind for kind, flags in every if "backup-" not in flags]
    tokens = _numbered(content, "Tokens")
    told = [re.search(r"tpm2-pin:\s+(\w+)", body) for kind, body in tokens if "tpm2" in kind]
    pins = [found[1] == "true" for found in told if found]
    requirements = re.search(r"^Requirements:(.*)$", content, re.MULTILINE)
    if not live:
        raise Unparsable("luksDump shows no data segment")
    return Header(
        tuple(live),
        tuple(sorted(kind for kind, _ in tokens)),
        all(pins) if pins else None,
        _converting(live, every, requirements[1] if requirements else ""),
    )


def _numbered(content: str, heading: str) -> list[tuple[str, str]]:
    """The entries "  0: type" under a heading, each with the lines below it."""
    section = re.search(rf"^{heading}:[^\n]*\n((?:[ \t]+.*\n?|\n)*)", content, re.MULTILINE)
    if section is None:
        return []
    parts = re.split(r"^  \d+: (\S+)[^\n]*$", section[1], flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def read_luks2_header(host: Host, *devices: str) -> Header:
    """The header on the first of several names for one device. Needs root. Raises CannotTell."""
    trouble: CannotTell = Unparsable("no device to read a LUKS2 header from")
    for device in devices:
        try:
            dump = host.run("cryptsetup", "luksDump", "--dump-json-metadata", device)
            return parse_luks2_json(dump.text)
        except CannotTell as error:
            trouble = error
        try:
            return parse_luks2_text(host.run("cryptsetup", "luksDump", device).text)
        except CannotTell:
            continue
    raise trouble
