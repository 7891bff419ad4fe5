"""Reads one key of a GVDB file, the binary form of dconf databases, or says it cannot.

Format: gvdb-format.h of GLib. All numbers of the hash table are little endian; the values are in
the byte order the signature shows. Every offset is held against the size of the file, and a key
is found as GLib finds it: by its hash, its own part, and its parents' parts.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from agent.host import Unparsable

LITTLE, BIG = b"GVariant", b"raVGtnai"
ITEM = struct.Struct("<IIIHBxII")
NO_PARENT = 0xFFFFFFFF
MOST_IN_BUCKET = 1000
FIXED = {"u": "I", "i": "i", "x": "q", "t": "Q", "d": "d"}

Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a hash table; `kind` is "v" value, "H" table or "L" list."""

    hash: int
    parent: int
    key: bytes
    kind: str
    start: int
    end: int


class Table:
    """One hash table of a file."""

    def __init__(self, content: bytes, start: int, end: int, order: str) -> None:
        part = _part(content, start, end)
        if len(part) < 8:
            raise Unparsable("a hash table is cut off")
        bloom, buckets = struct.unpack_from("<II", part)
        first = 8 + (bloom & 0x07FFFFFF) * 4
        items = first + buckets * 4
        if items > len(part):
            raise Unparsable("a hash table is larger than its room")
        self._content, self._part, self.order = content, part, order
        self._buckets, self._first, self._items = buckets, first, items
        self._count = (len(part) - items) // ITEM.size

    def value(self, key: str) -> Value | None:
        """The value of a key; None when there is none. Raises Unparsable."""
        serialised = self.serialised(key)
        return None if serialised is None else variant(serialised, self.order)

    def serialised(self, key: str) -> bytes | None:
        """The value of a key as a serialised GVariant of type v. Raises Unparsable."""
        item = self._find(key.encode(), "v")
        return None if item is None else _part(self._content, item.start, item.end)

    def __contains__(self, key: str) -> bool:
        return self._find(key.encode(), "v") is not None

    def table(self, key: str) -> "Table | None":
        """The table below a key; None when there is none. Raises Unparsable."""
        item = self._find(key.encode(), "H")
        if item is None:
            return None
        return Table(self._content, item.start, item.end, self.order)

    def _find(self, key: bytes, kind: str) -> Item | None:
        wanted = djb(key)
        for number in self._chain(wanted):
            item = self._item(number)
            if item.hash == wanted and item.kind == kind and self._named(item, key):
                return item
        return None

    def _chain(self, wanted: int) -> Iterator[int]:
        if not self._buckets:
            return
        bucket = wanted % self._buckets
        (start,) = struct.unpack_from("<I", self._part, self._first + bucket * 4)
        stop = self._count
        if bucket + 1 < self._buckets:
            (stop,) = struct.unpack_from("<I", self._part, self._first + (bucket + 1) * 4)
        stop = min(stop, self._count)
        if stop - start > MOST_IN_BUCKET:
            raise Unparsable("a hash table is crowded beyond use")
        yield from range(start, stop)

    def _item(self, number: int) -> Item:
        fields = ITEM.unpack_from(self._part, self._items + number * ITEM.size)
        hashed, parent, start, size, kind, value, end = fields
        own = _part(self._content, start, start + size)
        return Item(hashed, parent, own, chr(kind), value, end)

    def _named(self, item: Item, key: bytes) -> bool:
        """The item's own part ends the key and its parents make up the rest, perhaps nothing."""
        while item.key and key.endswith(item.key):
            key = key[: -len(item.key)]
            if item.parent == NO_PARENT:
                return not key
            if item.parent >= self._count:
                raise Unparsable("a key names a parent that is not there")
            item = self._item(item.parent)
        return not key and not item.key and item.parent == NO_PARENT


def parse_gvdb(content: bytes) -> Table:
    """The root table. Raises Unparsable."""
    if len(content) < 24:
        raise Unparsable("too short for a GVDB file")
    signature, version = content[:8], content[8:12]
    if signature not in (LITTLE, BIG):
        raise Unparsable("not a GVDB file, or one that is being replaced")
    if version != bytes(4):
        raise Unparsable("a GVDB file of an unknown version")
    start, end = struct.unpack_from("<II", content, 16)
    return Table(content, start, end, "<" if signature == LITTLE else ">")


def djb(key: bytes) -> int:
    """The hash of a key: GLib's, over signed characters.

    >>> djb(b"")
    5381
    """
    value = 5381
    for byte in key:
        value = (value * 33 + (byte if byte < 128 else byte - 256)) & 0xFFFFFFFF
    return value


def _part(content: bytes, start: int, end: int) -> bytes:
    if not 0 <= start <= end <= len(content):
        raise Unparsable("an offset points outside of the file")
    return content[start:end]


def variant(serialised: bytes, order: str) -> Value:
    """A GVariant of type v: the child, a zero byte, and the child's type. Raises Unparsable."""
    child, zero, kind = serialised.rpartition(b"\0")
    if not zero:
        raise Unparsable("a value has no type")
    name = kind.decode("ascii", "replace")
    if name == "b" and len(child) == 1:
        return child != b"\0"
    if name in FIXED and len(child) == struct.calcsize(order + FIXED[name]):
        number: int | float = struct.unpack(order + FIXED[name], child)[0]
        return number
    if name == "s" and child.endswith(b"\0"):
        return child[:-1].decode("utf-8", "replace")
    raise Unparsable(f"a value of type {name!r} and {len(child)} bytes")
