"""Reads lsblk, the second-best witness: it can show that a volume is plain, never the opposite.

Its type "crypt" stands for every mapping of cryptsetup, dm-verity among them, so a volume below
one "cannot be told". JSON before util-linux 2.37 has "mountpoint", later "mountpoints".
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agent.checks.disk_encryption.walk import PLAIN, Answer, cannot, together
from agent.host import CannotTell, Host, NoData, Unparsable

COLUMNS = (
    "NAME,KNAME,PATH,MAJ:MIN,PKNAME,TYPE,FSTYPE,FSVER,LABEL,UUID,PARTTYPE,PARTTYPENAME,"
    "PARTLABEL,MOUNTPOINT,MOUNTPOINTS,SIZE,RO,RM,HOTPLUG,TRAN,MODEL,SERIAL,ROTA"
)
QUESTIONS = (
    ("lsblk", "--json", "--bytes", "-o", COLUMNS),
    ("lsblk", "--json", "--bytes", "--output-all"),
    ("lsblk", "--json", "--bytes"),
    ("lsblk",),
)
"""The widest first: a column an old lsblk does not know makes the whole question fail."""

LOOKED_THROUGH = re.compile(r"disk|part|lvm|dm|mpath|md|raid\d+|linear|dmraid")
ROW = re.compile(r"(?P<tree>[\s|`├└│─-]*)(?P<name>\S+)\s+\d+:\d+\s+(?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class Row:
    """One device under one parent. `types` are its own and its ancestors'."""

    name: str
    types: tuple[str, ...]
    points: tuple[str, ...]
    removable: bool
    filesystem: str = ""
    partition_type: str = ""


def parse_lsblk_json(content: str) -> tuple[Row, ...]:
    """Raises Unparsable."""
    try:
        return tuple(_rows(json.loads(content)["blockdevices"], (), False))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unparsable("lsblk printed no JSON of the documented form") from error


def _rows(devices: Any, above: tuple[str, ...], removable: bool) -> Iterator[Row]:
    for device in devices:
        types = (*above, str(device["type"]))
        points = device.get("mountpoints") or [device.get("mountpoint")]
        out = removable or _true(device.get("rm")) or device.get("tran") == "usb"
        yield Row(
            str(device.get("kname") or device["name"]),
            types,
            tuple(str(point) for point in points if point),
            out,
            str(device.get("fstype") or ""),
            str(device.get("parttype") or ""),
        )
        yield from _rows(device.get("children") or [], types, out)


def _true(word: object) -> bool:
    return word in (True, "1", "true")


def parse_lsblk_text(content: str) -> tuple[Row, ...]:
    """Plain `lsblk`, drawn as a tree. Raises Unparsable."""
    lines = content.splitlines()
    if not lines or lines[0].split()[:6] != ["NAME", "MAJ:MIN", "RM", "SIZE", "RO", "TYPE"]:
        raise Unparsable("lsblk printed no table of the default form")
    rows: list[Row] = []
    above: list[tuple[int, str, bool]] = []
    for line in lines[1:]:
        found = ROW.fullmatch(line)
        words = found["rest"].split(None, 4) if found else []
        if found is None or len(words) < 4:
            _further_point(rows, line)
            continue
        depth = len(found["tree"])
        above = [entry for entry in above if entry[0] < depth]
        removable = words[0] == "1" or any(entry[2] for entry in above)
        above.append((depth, words[3], removable))
        types = tuple(entry[1] for entry in above)
        rows.append(Row(found["name"], types, tuple(words[4:]), removable))
    return tuple(rows)


def _further_point(rows: list[Row], line: str) -> None:
    """A line that holds a mount point only belongs to the device above it."""
    point = line.strip(" |`")
    if not rows or not point.startswith(("/", "[SWAP]")):
        raise Unparsable(f"not a line of lsblk: {line}")
    last = rows[-1]
    rows[-1] = Row(last.name, last.types, (*last.points, point), last.removable)


def read_lsblk(host: Host) -> tuple[str, tuple[Row, ...]]:
    """The widest listing this lsblk can give, and the command that gave it. Raises CannotTell."""
    trouble: CannotTell = NoData("lsblk gave no listing")
    for question in QUESTIONS:
        try:
            content = host.run(*question).text
            parse = parse_lsblk_json if "--json" in question else parse_lsblk_text
            return " ".join(question[:2]), parse(content)
        except CannotTell as error:
            trouble = error
    raise trouble


def answer(rows: list[Row]) -> Answer:
    """For one device, from all its rows: plain where only plain layers are above it."""
    return together((row.types[0], _one(row)) for row in rows)


def _one(row: Row) -> Answer:
    if all(LOOKED_THROUGH.fullmatch(kind) for kind in row.types):
        return Answer(PLAIN)
    odd = next(kind for kind in row.types if not LOOKED_THROUGH.fullmatch(kind))
    return cannot(NoData(f"lsblk shows a {odd} device and not what it does to the data"))
