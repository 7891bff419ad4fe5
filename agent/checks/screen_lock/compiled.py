"""The default of a key in gschemas.compiled, which GSettings reads in place of the sources.

glib-compile-schemas writes a GVDB file: a table for each schema, and in it for each key a tuple of
the default, for a number perhaps its range "(y(uu))", and what it is on some desktops "(ya{sv})"
(gio/glib-compile-schemas.c). GVariant's serialisation: members at their alignment, the ends of
those of variable size in reverse order at the end, in as few bytes as the whole's size needs.
"""

import re
import struct

from agent.checks.screen_lock.gvdb import Table, parse_gvdb, variant
from agent.host import Host, Unparsable

NAME = "gschemas.compiled"
LARGEST = 16 << 20
TYPE = re.compile(rb"\(([uib])(\(y\(\1\1\)\))?(\(ya\{sv\}\))?\)")
SIZES = {b"u": "I", b"i": "i"}
RANGE_END = 16
"""Default, the letter "r" and two numbers, each at its alignment of four bytes."""

Default = bool | int
ByDesktop = dict[str, Default]


def read_compiled(host: Host, folder: str) -> Table:
    """Raises CannotTell, FileMissing where nothing was compiled."""
    return parse_gvdb(host.read(f"{folder}/{NAME}", LARGEST))


def parse_default(table: Table, key: str) -> tuple[Default, ByDesktop]:
    """The default of a number or switch, and its defaults by desktop. Raises Unparsable."""
    serialised = table.serialised(key) or b""
    content, _, kind = serialised.rpartition(b"\0")
    found = TYPE.fullmatch(kind)
    if found is None:
        raise Unparsable(f"the compiled default of {key} is of an unknown form")
    try:
        default = _scalar(content, found[1], table.order)
        if not found[3]:
            return default, {}
        start = RANGE_END if found[2] else 8
        if content[start : start + 1] != b"d":
            raise Unparsable(f"the compiled default of {key} has an addition of another kind")
        return default, _by_desktop(content[start + 8 :], table.order)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise Unparsable(f"the compiled default of {key} is cut off") from error


def _scalar(content: bytes, kind: bytes, order: str) -> Default:
    if kind == b"b":
        return content[0] != 0
    number: int = struct.unpack_from(order + SIZES[kind], content)[0]
    return number


def _by_desktop(array: bytes, order: str) -> ByDesktop:
    """An array of entries {sv}: the last offset is where the offsets begin, after the entries."""
    if not array:
        return {}
    size = _offset_size(array)
    first = _offset(array, len(array) - size, size, order)
    # The end of the last entry: the offsets fill what is left behind it.
    count, odd = divmod(len(array) - first, size)
    if odd or count < 1:
        raise Unparsable("the defaults by desktop have no order")
    found: ByDesktop = {}
    start = 0
    for number in range(count):
        end = _offset(array, first + number * size, size, order)
        if not start < end <= first:
            raise Unparsable("the defaults by desktop overlap")
        name, value = _entry(array[start:end], order)
        found[name] = value
        start = -(-end // 8) * 8
    return found


def _entry(entry: bytes, order: str) -> tuple[str, Default]:
    size = _offset_size(entry)
    end = _offset(entry, len(entry) - size, size, order)
    value = variant(entry[-(-end // 8) * 8 : len(entry) - size], order)
    if not 0 < end < len(entry) or entry[end - 1] or not isinstance(value, int):
        raise Unparsable("a default by desktop is of an unknown form")
    return entry[: end - 1].decode(), value


def _offset_size(container: bytes) -> int:
    return 1 if len(container) <= 0xFF else 2 if len(container) <= 0xFFFF else 4


def _offset(container: bytes, at: int, size: int, order: str) -> int:
    offset: int = struct.unpack_from(order + {1: "B", 2: "H", 4: "I"}[size], container, at)[0]
    return offset
