"""Takes folders of the build machine out of where programs look for their libraries.

A Python that was built below somebody's home tells every library of it to look there. On another
machine that folder may be anybody's to make, and what lies in it would run as root.
"""

import struct
from pathlib import Path

ELF64_LITTLE = b"\x7fELF\x02\x01"
LOADED, DYNAMIC = 1, 2
END, STRINGS, RPATH, RUNPATH = 0, 5, 15, 29
ENTRY = struct.Struct("<qQ")


def searched(file: Path) -> list[str]:
    """The folders that an ELF file names for its libraries; none for other files."""
    content = _elf(file)
    paths = [_string(content, value) for _, value in _paths(content)]
    return [folder for path in paths for folder in path.split(":")]


def drop_absolute(file: Path) -> bool:
    """Remove entries that name a folder by its place; `$ORIGIN` stays. True when there was one."""
    content = _elf(file)
    wrong = [at for at, value in _paths(content) if _is_absolute(_string(content, value))]
    for at in reversed(wrong):
        _remove(content, at)
    if wrong:
        file.write_bytes(content)
    return bool(wrong)


def _elf(file: Path) -> bytearray:
    with file.open("rb") as opened:
        if opened.read(6) != ELF64_LITTLE:
            return bytearray()
    return bytearray(file.read_bytes())


def _segments(content: bytearray) -> list[tuple[int, int, int, int]]:
    """Kind, offset, address, size of each."""
    (start,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    found = []
    for number in range(count):
        kind, _, offset, address, _, length = struct.unpack_from(
            "<IIQQQQ", content, start + number * size
        )
        found.append((kind, offset, address, length))
    return found


def _entries(content: bytearray) -> list[tuple[int, int, int]]:
    """Place, tag, value of each entry of the dynamic section."""
    for kind, offset, _, length in _segments(content):
        if kind == DYNAMIC:
            places = range(offset, offset + length, ENTRY.size)
            return [(at, *ENTRY.unpack_from(content, at)) for at in places]
    return []


def _paths(content: bytearray) -> list[tuple[int, int]]:
    """Place and value."""
    if not content:
        return []
    return [(at, value) for at, tag, value in _entries(content) if tag in (RPATH, RUNPATH)]


def _string(content: bytearray, value: int) -> str:
    table = next(value for _, tag, value in _entries(content) if tag == STRINGS)
    for kind, offset, address, length in _segments(content):
        if kind == LOADED and address <= table < address + length:
            begin = table - address + offset + value
            return content[begin : content.index(0, begin)].decode()
    raise ValueError("the table of strings is in no segment")


def _is_absolute(path: str) -> bool:
    return any(not folder.startswith("$ORIGIN") for folder in path.split(":"))


def _remove(content: bytearray, place: int) -> None:
    """The later entries move up by one; the list ends with one more end."""
    last = _entries(content)[-1][0]
    content[place:last] = content[place + ENTRY.size : last + ENTRY.size]
    ENTRY.pack_into(content, last, END, 0)
