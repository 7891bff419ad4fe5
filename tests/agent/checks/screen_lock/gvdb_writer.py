"""Writes GVDB files for tests, from the description of the format; the reader shares no line."""

import struct
from collections.abc import Mapping, Sequence

Value = bool | int | str | bytes


def variant(value: Value, kind: str = "") -> bytes:
    """A GVariant of type v. bytes are taken as they are."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return bytes([value]) + b"\0b"
    if isinstance(value, str):
        return value.encode() + b"\0\0s"
    return struct.pack("<i" if kind == "i" else "<I", value) + b"\0" + (kind or "u").encode()


def name_hash(name: str) -> int:
    total = 5381
    for byte in struct.unpack(f"{len(name.encode())}b", name.encode()):
        total = (33 * total + byte) % (1 << 32)
    return total


class Writer:
    """Grows a file table by table; the header is put in front at the end."""

    def __init__(self) -> None:
        self.body = bytearray(24)

    def put(self, content: bytes, alignment: int) -> tuple[int, int]:
        self.body += bytes(-len(self.body) % alignment)
        start = len(self.body)
        self.body += content
        return start, len(self.body)

    def table(
        self, values: Mapping[str, bytes], tables: Mapping[str, tuple[int, int]]
    ) -> tuple[int, int]:
        """Keys below directories, as dconf writes them: each part of a path is an item."""
        nodes: dict[str, tuple[str, str, tuple[int, int]]] = {}
        for path, content in values.items():
            parent = ""
            if path.startswith("/"):
                parts = [part + "/" for part in path.split("/")[:-1]]
                for part in parts:
                    nodes.setdefault(parent + part, (parent, "L", (0, 0)))
                    parent += part
            nodes[path] = (parent, "v", self.put(content, 8))
        for name, place in tables.items():
            nodes[name] = ("", "H", place)
        return self._hash_table(nodes)

    def _hash_table(self, nodes: Mapping[str, tuple[str, str, tuple[int, int]]]) -> tuple[int, int]:
        count = max(len(nodes), 1)
        ordered = sorted(nodes, key=lambda name: (name_hash(name) % count, name))
        number = {name: index for index, name in enumerate(ordered)}
        buckets = [sum(name_hash(n) % count < b for n in ordered) for b in range(count)]
        items = b""
        for name in ordered:
            parent, kind, place = nodes[name]
            own = name[len(parent) :].encode()
            start, _ = self.put(own, 1)
            above = number[parent] if parent else 0xFFFFFFFF
            items += struct.pack(
                "<IIIHcxII", name_hash(name), above, start, len(own), kind.encode(), *place
            )
        head = struct.pack("<II", 1, count) + b"\xff" * 4
        return self.put(head + struct.pack(f"<{count}I", *buckets) + items, 4)

    def file(self, root: tuple[int, int]) -> bytes:
        struct.pack_into("<8sIIII", self.body, 0, b"GVariant", 0, 0, *root)
        return bytes(self.body)


def database(values: Mapping[str, Value] | None = None, locks: Sequence[str] = ()) -> bytes:
    """A dconf database: keys by their full path, and the paths it locks."""
    writer = Writer()
    tables = {}
    if locks:
        tables[".locks"] = writer.table({path: variant(0) for path in locks}, {})
    return writer.file(writer.table({p: variant(v) for p, v in (values or {}).items()}, tables))
